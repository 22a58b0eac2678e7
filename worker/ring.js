/** The latest updates of one room in order of arrival, and what a client that stopped at some id has missed. */

import { LIMITS } from "./limits.js";
import { gap } from "./messages.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./messages.js").Gap} Gap */

/**
 * An update and the epoch in which it arrived. Updates may be missing between two epochs, never within one.
 * @typedef {object} Entry
 * @property {number} epoch
 * @property {Update} update
 */

/** One more than a replay sends: the cursor of the longest replay must still be known. */
export const RING_SIZE = LIMITS.replayUpdates + 1;

export class Ring {
  #epoch;
  #entries;
  #newest;

  /**
   * @param {object} past
   * @param {number} past.epoch the current one
   * @param {readonly Entry[]} [past.entries]
   * @param {Update | null} [past.newest] outlives the ring: late trades may push it out
   */
  constructor({ epoch, entries = [], newest = null }) {
    this.#epoch = epoch;
    this.#entries = entries.slice(-RING_SIZE);
    this.#newest = newest;
  }

  get epoch() {
    return this.#epoch;
  }

  /** The update with the highest id: a late trade never replaces it. */
  get newest() {
    return this.#newest;
  }

  /** The id that arrived last; "" before the first. */
  get lastId() {
    return this.#entries.at(-1)?.update.id ?? "";
  }

  /** What arrives from now on does not join on to what is here: updates between the two may be missing. */
  endEpoch() {
    this.#epoch += 1;
  }

  /** @param {readonly Update[]} updates */
  append(updates) {
    for (const update of updates) {
      this.#entries.push({ epoch: this.#epoch, update });
      if (this.#newest === null || update.id > this.#newest.id) this.#newest = update;
    }
    this.#entries.splice(0, this.#entries.length - RING_SIZE);
  }

  /**
   * What arrived after `after` did, with a GAP wherever updates may be missing.
   * @param {string} after an id
   */
  since(after) {
    const known = this.#entries.findLastIndex(({ update }) => update.id === after);
    // An unknown cursor may come from the other path and be ahead of this ring: what it has passed is not sent again.
    const missed = known < 0 ? this.#entries.filter(({ update }) => update.id > after) : this.#entries.slice(known + 1);
    /** @type {(Update | Gap)[]} */
    const items = [];
    let epoch = known < 0 ? NO_EPOCH : this.#entries[known].epoch;
    let last = after;
    for (const entry of missed.slice(-LIMITS.replayUpdates)) {
      if (entry.epoch !== epoch) items.push(gap(last, entry.update.id));
      items.push(entry.update);
      ({ epoch } = entry);
      last = entry.update.id;
    }
    if (epoch !== this.#epoch) items.push(gap(last, null));
    return items;
  }

  /**
   * The same for a client that wants only the newest price.
   * @param {string} after an id
   */
  newestSince(after) {
    const newest = this.#newest;
    const isNewer = newest !== null && newest.id > after;
    const isCurrent = this.#entries.at(-1)?.epoch === this.#epoch && newest !== null && newest.id >= after;
    return [...(isNewer ? [newest] : []), ...(isCurrent ? [] : [gap(isNewer ? newest.id : after, null)])];
  }
}

/** Differs from every epoch: nothing is known to join on to it. */
const NO_EPOCH = -1;
