/**
 * The mover's last order to a room: the token is served here, or it has moved to the AWS path. The order is kept in
 * SQLite, so that a room that wakes much later still sends its clients to the right path.
 */

import { moved } from "./messages.js";

/** @typedef {import("./store.js").RoomStore} RoomStore */

/**
 * The token moves to another path, or has moved.
 * @typedef {object} Away
 * @property {string} token the room's own token
 * @property {string} path
 * @property {string} url
 * @property {string} [liveUrl] the orders of older movers lack it
 * @property {number} jitterMs
 * @property {number} closeAtMs Unix time; both paths deliver until then
 */

/**
 * The token moves to this room.
 * @typedef {object} Here
 * @property {number} servedFromMs Unix time since which all publishers post to the edge
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

  /** The room's token; "" if it was never sent away. */
  get token() {
    return this.#away?.token ?? "";
  }

  get isAway() {
    return this.#away !== null;
  }

  /** Unix time at which the remaining clients are closed; Infinity if the token is served here. */
  get closeAtMs() {
    return this.#away?.closeAtMs ?? Infinity;
  }

  /**
   * Takes the order to move away. Returns false if it repeats the last order: clients are not told twice.
   * @param {Away} order
   */
  leave({ token, path, url, liveUrl, jitterMs, closeAtMs }) {
    return this.#take({ token, path, url, liveUrl, jitterMs, closeAtMs });
  }

  /**
   * Takes the order to serve. Returns whether the room may have missed updates. It has missed none if it is called back
   * within the grace, because its publishers never stopped. An empty room has no history that could have a gap.
   * @param {Here} order
   */
  comeHere({ servedFromMs }) {
    if (this.#store.isEmpty) return false;
    const { isAway, closeAtMs } = this;
    return this.#take({ servedFromMs }) && !(isAway && servedFromMs < closeAtMs);
  }

  /** Whether the token has moved away and the grace has ended. @param {number} nowMs */
  isOver(nowMs) {
    return nowMs >= this.closeAtMs;
  }

  /**
   * The MOVED message for a client.
   * @param {string | null} after the client's cursor
   * @param {number} nowMs
   */
  message(after, nowMs) {
    if (this.#away === null) throw new Error("a token that stays has nowhere to send its clients");
    const { token, path, url, liveUrl, jitterMs } = this.#away;
    // After the grace only single clients come, so no jitter is needed.
    return moved({ token, path, url, liveUrl, after, jitterMs: this.isOver(nowMs) ? 0 : jitterMs });
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
