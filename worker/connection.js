/**
 * One socket of a room, a client's or a hub's: which updates it wants, and where sending stopped if it is slow. The state is
 * kept in the WebSocket attachment, which survives hibernation.
 */

import { LIMITS } from "./limits.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./frames.js").Frame<string>} Frame */

/**
 * The attachment. Older code may have written it, so a missing field gets its default.
 * @typedef {object} State
 * @property {string} network where the client is; "" if that is not known
 * @property {boolean} wantsLatest only the newest price (delivery=latest)
 * @property {number | null} followers a hub's clients of this token, as it said last; null: this is no hub
 * @property {number} untilMs Unix time at which the client's access token expires; Infinity: it needs none
 * @property {number} heardMs when the client connected or sent a message; pings that the runtime answers do not count here
 * @property {{after: string, sinceMs: number} | null} stall the id after which sending stopped, and when
 * @property {boolean} isClosed the room closed it; a stalled client's socket stays in getWebSockets() for a while
 */

export class Connection {
  /** The key of this connection. Only this class sends to it. */
  socket;
  /** Up to where the client has been sent what the ring holds (`ring.end`). Infinity until it is greeted. */
  reached = 0;
  #outbox;
  #lastPingMs;
  /** @type {State} */
  #state;

  /**
   * @param {WebSocket} socket one that the room has accepted
   * @param {DurableObjectState} ctx
   * @param {number} maxBufferedBytes
   * @param {Partial<State>} state
   */
  constructor(socket, ctx, maxBufferedBytes, state) {
    this.socket = socket;
    this.#lastPingMs = () => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    this.#state = { network: "", wantsLatest: false, untilMs: Infinity, followers: null, heardMs: Date.now(), stall: null, isClosed: false, ...state };
    // What `bufferedAmount` says of a socket between two objects is not documented. A hub acknowledges what it has read.
    this.#outbox = new Outbox(socket, this.isHub ? null : maxBufferedBytes, this.#lastPingMs);
  }

  /**
   * @param {WebSocket} socket
   * @param {DurableObjectState} ctx
   * @param {number} maxBufferedBytes
   * @param {Pick<State, "network" | "wantsLatest" | "untilMs" | "followers">} state
   */
  static accept(socket, ctx, maxBufferedBytes, state) {
    ctx.acceptWebSocket(socket);
    const connection = new Connection(socket, ctx, maxBufferedBytes, state);
    connection.reached = Infinity;
    connection.#keep({});
    return connection;
  }

  /**
   * Restores a connection after hibernation.
   * @param {WebSocket} socket
   * @param {DurableObjectState} ctx
   * @param {number} maxBufferedBytes
   */
  static revive(socket, ctx, maxBufferedBytes) {
    return new Connection(socket, ctx, maxBufferedBytes, socket.deserializeAttachment() ?? {});
  }

  get network() {
    return this.#state.network;
  }

  get wantsLatest() {
    return this.#state.wantsLatest;
  }

  get untilMs() {
    return this.#state.untilMs;
  }

  get isHub() {
    return this.followers !== null;
  }

  get followers() {
    return this.#state.followers;
  }

  set followers(followers) {
    this.#keep({ followers });
  }

  get isGreeted() {
    return this.reached !== Infinity;
  }

  get isClosed() {
    return this.#state.isClosed;
  }

  /** Unix time of the client's last sign of life. */
  get heardMs() {
    return Math.max(this.#state.heardMs, this.#lastPingMs());
  }

  /** The id after which sending to a stalled client continues; null if the client is not stalled. */
  get stalledAfter() {
    return this.#state.stall?.after ?? null;
  }

  get isDrained() {
    return this.#outbox.isDrained;
  }

  /** @param {number} nowMs */
  hasStalledTooLong(nowMs) {
    const { stall } = this.#state;
    return stall !== null && nowMs - stall.sinceMs >= LIMITS.stallMs;
  }

  /**
   * Sends `frames`. If the client does not read fast enough, stops and notes where.
   * @param {readonly Frame[]} frames
   * @param {number} nowMs
   */
  deliver(frames, nowMs) {
    for (const { text, after } of frames) {
      if (this.#outbox.isFull) {
        this.#keep({ stall: { after, sinceMs: nowMs } });
        return;
      }
      this.say(text);
    }
    if (this.#state.stall !== null) this.#keep({ stall: null });
  }

  /** @param {string} text */
  say(text) {
    if (this.#state.isClosed) return;
    try {
      this.#outbox.send(text);
    } catch {
      // A socket that is closing throws on send (facts/cloudflare.md §4). Its close event follows.
      this.#keep({ isClosed: true });
    }
  }

  /** @param {number} nowMs when the client sent a message */
  acknowledge(nowMs) {
    this.#outbox.acknowledge();
    this.#keep({ heardMs: nowMs });
  }

  /** @param {import("./close.js").Close} close */
  close({ code, reason }) {
    this.#keep({ isClosed: true });
    this.socket.close(code, reason);
  }

  /** @param {Partial<State>} changes */
  #keep(changes) {
    Object.assign(this.#state, changes);
    this.socket.serializeAttachment(this.#state);
  }
}
