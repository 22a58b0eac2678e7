/** The ids of the last 15 minutes, so that a retry is not sent to clients again. */

import { LIMITS } from "./limits.js";

export class SeenIds {
  /** In order of arrival. @type {Map<string, number>} */
  #arrivedMs;

  /** @param {Iterable<[id: string, arrivedMs: number]>} [past] in order of arrival */
  constructor(past = []) {
    this.#arrivedMs = new Map(past);
  }

  /**
   * Remembers `id`. Returns whether it is new.
   * @param {string} id
   * @param {number} nowMs
   */
  admit(id, nowMs) {
    for (const [oldest, arrivedMs] of this.#arrivedMs) {
      if (arrivedMs >= nowMs - LIMITS.seenMs) break;
      this.#arrivedMs.delete(oldest);
    }
    if (this.#arrivedMs.has(id)) return false;
    this.#arrivedMs.set(id, nowMs);
    if (this.#arrivedMs.size > LIMITS.seenIds) this.#arrivedMs.delete(this.#oldest());
    return true;
  }

  #oldest() {
    const [oldest] = this.#arrivedMs.keys();
    return oldest;
  }
}
