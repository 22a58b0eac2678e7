/**
 * Where the room of a token stands between the two paths: what the mover told it last. Kept in SQLite, so that a room
 * that wakes years later still sends its clients to where their prices are.
 */

import { moved } from "./messages.js";

/** @typedef {import("./store.js").RoomStore} RoomStore */

/**
 * The token has left, or is about to.
 * @typedef {object} Away
 * @property {string} token the room's own: it does not know it otherwise
 * @property {string} path
 * @property {string} url
 * @property {number} jitterMs
 * @property {number} closeAtMs Unix time; both paths deliver until then
 */

/**
 * The token has come back, or for the first time.
 * @typedef {object} Here
 * @property {number} servedFromMs Unix time
 */

/** @typedef {Away | Here} Order */

export class Move {
  #store;
  /** @type {Order | null} */
  #order;

  /** @param {RoomStore} store */
  constructor(store) {
    this.#store = store;
    this.#order = store.loadOrder();
  }

  get isAway() {
    return this.#away !== null;
  }

  /** When the clients that have not gone are closed, or were; Infinity for a token that stays. */
  get closeAtMs() {
    return this.#away?.closeAtMs ?? Infinity;
  }

  /**
   * Takes the order to leave. Returns whether it is a new one: whoever has heard it once is not told again.
   * @param {Away} order
   */
  leave({ token, path, url, jitterMs, closeAtMs }) {
    return this.#take({ token, path, url, jitterMs, closeAtMs });
  }

  /**
   * Takes the order to serve again. Returns whether updates may have passed the room by: not if its publishers never
   * stopped, since it is called back within its grace; not if it has nothing that they could be missing from.
   * @param {Here} order
   */
  comeHere({ servedFromMs }) {
    if (this.#store.isEmpty) return false;
    const { isAway, closeAtMs } = this;
    return this.#take({ servedFromMs }) && !(isAway && servedFromMs < closeAtMs);
  }

  /** @param {number} nowMs */
  isOver(nowMs) {
    return nowMs >= this.closeAtMs;
  }

  /**
   * What tells a client where to go.
   * @param {string | null} after the client's cursor
   * @param {number} nowMs
   */
  message(after, nowMs) {
    if (this.#away === null) throw new Error("a token that stays has nowhere to send its clients");
    const { token, path, url, jitterMs } = this.#away;
    // Behind the grace only stragglers ask: no crowd to spread.
    return moved({ token, path, url, after, jitterMs: this.isOver(nowMs) ? 0 : jitterMs });
  }

  /** @param {Order} order */
  #take(order) {
    if (JSON.stringify(order) === JSON.stringify(this.#order)) return false;
    this.#store.saveOrder(order);
    this.#order = order;
    return true;
  }

  get #away() {
    return this.#order !== null && "closeAtMs" in this.#order ? this.#order : null;
  }
}
