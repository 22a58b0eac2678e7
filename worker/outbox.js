/** How much waits to be read by one client: what the room looks at before each send. */

import { LIMITS } from "./limits.js";

/**
 * What the outbox needs of a socket.
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
   * @param {number} maxBufferedBytes
   * @param {() => number} lastPingMs when the runtime last answered a ping of this client; 0 for never
   */
  constructor(socket, maxBufferedBytes, lastPingMs) {
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#lastPingMs = lastPingMs;
  }

  get isFull() {
    const { bufferedAmount } = this.#socket;
    return bufferedAmount === undefined
      ? this.#withoutAcknowledgement() > LIMITS.unacknowledgedBytes
      : bufferedAmount > this.#maxBufferedBytes;
  }

  get isDrained() {
    return (this.#socket.bufferedAmount ?? this.#withoutAcknowledgement()) === 0;
  }

  /** @param {string} text ASCII */
  send(text) {
    this.#socket.send(text);
    this.#unacknowledgedBytes += text.length;
  }

  /** The client gave a sign of life. */
  acknowledge() {
    this.#unacknowledgedBytes = 0;
  }

  /** Bytes sent since the last sign of life: the fallback without `bufferedAmount`. */
  #withoutAcknowledgement() {
    const lastPingMs = this.#lastPingMs();
    if (lastPingMs > this.#acknowledgedPingMs) {
      this.#acknowledgedPingMs = lastPingMs;
      this.acknowledge();
    }
    return this.#unacknowledgedBytes;
  }
}
