/** Puts updates in order: live updates wait while a gap before them is being filled. Pure. */

import { byPlace, placeOf } from "./ids.js";

/** @typedef {import("../glow.js").Update} Update */

/**
 * An update that is ready for the app.
 * @typedef {{update: Update, isLate: boolean}} Handout
 */

const HELD_UPDATES = 1_000;

export class Sequence {
  /** @type {Update[]} */
  #held = [];
  #isHolding = false;
  /** The id of the newest price handed out. @type {string | null} */
  newestId = null;

  hold() {
    this.#isHolding = true;
  }

  /** Stops holding, and returns the held updates. */
  release() {
    this.#isHolding = false;
    return this.#handOut(this.#held.splice(0).sort(byPlace));
  }

  /** @param {Update} update that arrived live */
  add(update) {
    this.#held.push(update);
    return this.#isHolding && this.#held.length <= HELD_UPDATES ? [] : this.release();
  }

  /** @param {readonly Update[]} updates the next page of what fills a gap, in trade order */
  fill(updates) {
    const last = placeOf(updates.at(-1)?.id ?? "");
    const due = this.#held.filter(({ id }) => placeOf(id) <= last);
    this.#held = this.#held.filter(({ id }) => placeOf(id) > last);
    return this.#handOut([...updates, ...due].sort(byPlace));
  }

  /** @param {readonly Update[]} updates */
  #handOut(updates) {
    /** @type {Handout[]} */
    const handouts = [];
    for (const update of updates) {
      const isLate = this.newestId !== null && placeOf(update.id) < placeOf(this.newestId);
      if (!isLate) this.newestId = update.id;
      handouts.push({ update, isLate });
    }
    return handouts;
  }
}
