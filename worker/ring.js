/** The latest updates of a room in order of arrival. It answers what a client with a given cursor has missed. */

import { placeOf } from "./ids.js";
import { LIMITS } from "./limits.js";

/** @typedef {import("./update.js").Update} Update */

/**
 * Updates that may be missing: those after the id `after` and before the id `until`, null if none has arrived yet.
 * @typedef {object} Hole
 * @property {"GAP"} type
 * @property {string} after
 * @property {string | null} until
 */

/**
 * An update and the epoch in which it arrived. Between two epochs updates may be missing; within an epoch none are.
 * @typedef {object} Entry
 * @property {number} epoch
 * @property {Update} update
 */

/** One more than a replay sends, because the cursor itself must be in the ring, too. */
export const RING_SIZE = LIMITS.replayUpdates + 1;

export class Ring {
  #epoch;
  #entries;
  #newest;

  /**
   * @param {object} past
   * @param {number} past.epoch the current epoch
   * @param {readonly Entry[]} [past.entries]
   * @param {Update | null} [past.newest] kept beside the entries, because late trades may push it out of the ring
   */
  constructor({ epoch, entries = [], newest = null }) {
    this.#epoch = epoch;
    this.#entries = entries.slice(-RING_SIZE);
    this.#newest = newest;
  }

  get epoch() {
    return this.#epoch;
  }

  /** The update of the highest second and slot; of several the one that arrived last. A late trade never replaces it. */
  get newest() {
    return this.#newest;
  }

  /** The id that arrived last; "" if there is none. */
  get lastId() {
    return this.#entries.at(-1)?.update.id ?? "";
  }

  /** Starts a new epoch: updates may be missing between the last entry and the next one. */
  endEpoch() {
    this.#epoch += 1;
  }

  /** @param {readonly Update[]} updates */
  append(updates) {
    for (const update of updates) {
      this.#entries.push({ epoch: this.#epoch, update });
      if (this.#newest === null || placeOf(update.id) >= placeOf(this.#newest.id)) this.#newest = update;
    }
    this.#entries.splice(0, this.#entries.length - RING_SIZE);
  }

  /**
   * The updates that arrived after the one with id `after`, with a GAP wherever updates may be missing.
   * @param {string} after an id
   */
  since(after) {
    const known = this.#entries.findLastIndex(({ update }) => update.id === after);
    // An unknown cursor may come from the other path, which may be ahead of this ring. So only higher ids are sent.
    const missed = known < 0 ? this.#entries.filter(({ update }) => update.id > after) : this.#entries.slice(known + 1);
    /** @type {(Update | Hole)[]} */
    const items = [];
    let epoch = known < 0 ? NO_EPOCH : this.#entries[known].epoch;
    let last = after;
    for (const entry of missed.slice(-LIMITS.replayUpdates)) {
      if (entry.epoch !== epoch) items.push(hole(last, entry.update.id));
      items.push(entry.update);
      ({ epoch } = entry);
      last = entry.update.id;
    }
    if (epoch !== this.#epoch) items.push(hole(last, null));
    return items;
  }

  /**
   * The same for delivery=latest: at most the newest update.
   * @param {string} after an id
   * @returns {(Update | Hole)[]}
   */
  newestSince(after) {
    const newest = this.#newest;
    const isReached = newest !== null && placeOf(newest.id) >= placeOf(after);
    const isNewer = isReached && newest.id !== after;
    const isCurrent = isReached && this.#entries.at(-1)?.epoch === this.#epoch;
    return [...(isNewer ? [newest] : []), ...(isCurrent ? [] : [hole(isNewer ? newest.id : after, null)])];
  }
}

/**
 * @param {string} after
 * @param {string | null} until
 * @returns {Hole}
 */
const hole = (after, until) => ({ type: "GAP", after, until });

/** The epoch of an unknown cursor. It differs from every real epoch, so that a GAP follows. */
const NO_EPOCH = -1;
