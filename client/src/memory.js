/** What was received: recognises repeats, and knows from where a connection must go on. Pure: `nowMs` never goes back. */

import { placeOf } from "./ids.js";

const REMEMBERED_MS = 15 * 60 * 1000; // the same as in the room; longer than any retry of a publisher takes
const REMEMBERED_IDS = 50_000;
const OVERLAP_MS = 5_000; // the paths may deliver trades in different orders, about a second apart; 5 s leave a margin

/** @typedef {{id: string, arrivedMs: number}} Arrival */

export class Memory {
  #ids = new Set();
  /** @type {Queue<Arrival>} */
  #arrivals = new Queue();
  /** Those that arrived at most OVERLAP_MS before the last message, without late ones. @type {Queue<Arrival>} */
  #recent = new Queue();
  /** The last one that arrived before `#recent`. @type {Arrival | null} */
  #settled = null;
  /** Path → the last id that it delivered, repeats included. @type {Map<string, string>} */
  #lastOn = new Map();
  #newestPlace = "";

  /**
   * Remembers `id`. Returns whether it is new.
   * @param {string} id
   * @param {number} nowMs
   */
  admit(id, nowMs) {
    const isNew = !this.#ids.has(id);
    if (isNew) this.#remember({ id, arrivedMs: nowMs });
    while (arrivedBefore(this.#recent, nowMs - OVERLAP_MS)) this.#settled = this.#recent.shift();
    return isNew;
  }

  /** @param {Arrival} arrival */
  #remember(arrival) {
    this.#ids.add(arrival.id);
    this.#arrivals.push(arrival);
    if (this.#ids.size > REMEMBERED_IDS) this.#ids.delete(this.#arrivals.shift().id);
    // A late trade is no cursor: a path that does not know it sends all higher ids, and those may be hours of trades.
    if (placeOf(arrival.id) < this.#newestPlace) return;
    this.#newestPlace = placeOf(arrival.id);
    this.#recent.push(arrival);
  }

  /**
   * Forgets ids that arrived long before the one that `cursor` may return. Ids shortly before it are kept, because a gap
   * after it is read from earlier and repeats them.
   * @param {number} nowMs
   */
  forgetOld(nowMs) {
    const oldestMs = (this.#settled?.arrivedMs ?? nowMs) - REMEMBERED_MS;
    while (arrivedBefore(this.#arrivals, oldestMs)) this.#ids.delete(this.#arrivals.shift().id);
  }

  /**
   * @param {string} path
   * @param {string} id that it delivered
   */
  advance(path, id) {
    this.#lastOn.set(path, id);
  }

  /**
   * Only `path` delivers from now on, so the last ids of the other paths become too old to be their cursors.
   * @param {string | null} path null: none does
   */
  stayOn(path) {
    for (const other of this.#lastOn.keys()) if (other !== path) this.#lastOn.delete(other);
  }

  /**
   * The id after which `path` must continue; null if nothing was received yet.
   * @param {string} path
   */
  cursor(path) {
    return this.#lastOn.get(path) ?? (this.#settled ?? this.#recent.first)?.id ?? null;
  }
}

/** Whether the first one arrived then or before. @param {Queue<Arrival>} arrivals @param {number} timeMs */
const arrivedBefore = ({ first }, timeMs) => first !== undefined && first.arrivedMs <= timeMs;

/**
 * First in, first out, at a cost that does not grow. (The first key of a Map costs a walk over all that were deleted before it,
 * and an array's `shift` may move the rest.)
 * @template T
 */
class Queue {
  /** @type {T[]} */
  #items = [];
  #taken = 0;

  /** @returns {T | undefined} */
  get first() {
    return this.#items[this.#taken];
  }

  /** @param {T} item */
  push(item) {
    this.#items.push(item);
  }

  shift() {
    const item = this.#items[this.#taken++];
    if (this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }
}
