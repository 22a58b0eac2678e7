/** Sends to one client and knows how many bytes it has not read yet. Rooms and hubs check that before each send. */

import { LIMITS } from "./limits.js";

/**
 * The part of a WebSocket that the outbox uses.
 * @typedef {object} Socket
 * @property {number} [bufferedAmount] absent in workerd before 1.20261117 (facts/cloudflare.md §4)
 * @property {(text: string) => void} send
 */

export class Outbox {
  #socket;
  #maxBufferedBytes;
  #lastPingMs;
  #unacknowledgedBytes = 0;
  #acknowledgedPingMs = 0;

  /**
   * @param {Socket} socket
   * @param {number | null} maxBufferedBytes null: only what the client has acknowledged counts as read
   * @param {() => number} lastPingMs Unix time of the last ping that the runtime answered; 0 if there was none
   */
  constructor(socket, maxBufferedBytes, lastPingMs) {
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#lastPingMs = lastPingMs;
  }

  get isFull() {
    const { bufferedAmount } = this.#socket;
    return bufferedAmount === undefined || this.#maxBufferedBytes === null
      ? this.#withoutAcknowledgement() > LIMITS.unacknowledgedBytes
      : bufferedAmount > this.#maxBufferedBytes;
  }

  get isDrained() {
    const { bufferedAmount } = this.#socket;
    return (bufferedAmount === undefined || this.#maxBufferedBytes === null ? this.#withoutAcknowledgement() : bufferedAmount) === 0;
  }

  /** @param {string} text ASCII */
  send(text) {
    this.#socket.send(text);
    this.#unacknowledgedBytes += text.length;
  }

  /** The client has sent a message, so it is reading. */
  acknowledge() {
    this.#unacknowledgedBytes = 0;
  }

  /** Bytes sent since the client's last message or ping: the fallback without `bufferedAmount`. */
  #withoutAcknowledgement() {
    const lastPingMs = this.#lastPingMs();
    if (lastPingMs > this.#acknowledgedPingMs) {
      this.#acknowledgedPingMs = lastPingMs;
      this.acknowledge();
    }
    return this.#unacknowledgedBytes;
  }
}
