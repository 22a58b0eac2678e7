/** The ids of the last 15 minutes, so that a retry is not sent to clients again. */

import { LIMITS } from "./limits.js";

/**
 * The order of arrival is in an array of its own. A Set keeps the places of ids that were deleted, and whoever asks it for
 * the oldest one passes all of them: with 50,000 ids that took 20 to 40 µs.
 */
export class SeenIds {
  #ids = new Set();
  /** A circle: `#oldest` is where the oldest arrival stands. @type {{id: string, arrivedMs: number}[]} */
  #arrivals = [];
  #oldest = 0;

  /** @param {Iterable<[id: string, arrivedMs: number]>} [past] in order of arrival */
  constructor(past = []) {
    for (const [id, arrivedMs] of past) this.admit(id, arrivedMs);
  }

  /**
   * Remembers `id`. Returns whether it is new.
   * @param {string} id
   * @param {number} nowMs
   */
  admit(id, nowMs) {
    while (this.#ids.size > 0 && this.#arrivals[this.#oldest].arrivedMs < nowMs - LIMITS.seenMs) this.#forgetOldest();
    if (this.#ids.has(id)) return false;
    if (this.#ids.size === LIMITS.seenIds) this.#forgetOldest();
    this.#arrivals[(this.#oldest + this.#ids.size) % LIMITS.seenIds] = { id, arrivedMs: nowMs };
    this.#ids.add(id);
    return true;
  }

  #forgetOldest() {
    this.#ids.delete(this.#arrivals[this.#oldest].id);
    this.#oldest = (this.#oldest + 1) % LIMITS.seenIds;
  }
}
