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
 * @property {boolean} isHealed it was read from the table: nobody knows in which order a stretch of these reached clients
 */

/** @typedef {Pick<Entry, "update" | "isHealed">} Arrival */

/** One more than a replay sends, because the cursor itself must be in the ring, too. */
export const RING_SIZE = LIMITS.replayUpdates + 1;

/**
 * @typedef {object} Past
 * @property {number} epoch the current epoch
 * @property {readonly Entry[]} [entries]
 * @property {Update | null} [newest] kept beside the entries, because late trades may push it out of the ring
 */

export class Ring {
  #epoch;
  #entries;
  #newest;
  /** The epoch in which the newest arrived. */
  #newestEpoch;
  #end = 0;

  /** @param {Past} past */
  constructor({ epoch, entries = [], newest = null }) {
    this.#epoch = epoch;
    this.#entries = entries.slice(-RING_SIZE);
    this.#newest = newest;
    this.#newestEpoch = entries.findLast(({ update }) => update.id === newest?.id)?.epoch ?? entries.at(-1)?.epoch;
  }

  get epoch() {
    return this.#epoch;
  }

  /** The update of the highest second and slot; of several the one that arrived last. A late trade never replaces it. */
  get newest() {
    return this.#newest;
  }

  /** Whether the newest is known to be the price now: updates newer than it may have been missed since the epoch ended. */
  get isCurrent() {
    return this.#newest !== null && this.#newestEpoch === this.#epoch;
  }

  /** Says that there is nothing newer than the newest. */
  confirmNewest() {
    this.#newestEpoch = this.#epoch;
  }

  /** How many updates have been appended to this object. */
  get end() {
    return this.#end;
  }

  /** Whether nothing in it was read from the table: then all clients have received it in this order. */
  get isOrdered() {
    return this.#entries.every(({ isHealed }) => !isHealed);
  }

  /** All that is in it, to make the same ring elsewhere. */
  get past() {
    return { epoch: this.#epoch, entries: this.#entries, newest: this.#newest };
  }

  /** Whether the update with this id is still in the ring. @param {string} id */
  has(id) {
    return this.#entries.some(({ update }) => update.id === id);
  }

  /** The id that arrived last; "" if there is none. */
  get lastId() {
    return this.#entries.at(-1)?.update.id ?? "";
  }

  /** Starts a new epoch: updates may be missing between the last entry and the next one. */
  endEpoch() {
    this.#epoch += 1;
  }

  /** @param {readonly Arrival[]} arrivals */
  append(arrivals) {
    for (const { update, isHealed } of arrivals) {
      this.#entries.push({ epoch: this.#epoch, update, isHealed });
      if (this.#newest !== null && placeOf(update.id) < placeOf(this.#newest.id)) continue;
      this.#newest = update;
      this.#newestEpoch = this.#epoch;
    }
    this.#end += arrivals.length;
    this.#entries.splice(0, this.#entries.length - RING_SIZE);
  }

  /**
   * The updates that arrived after the one with id `after`, with a GAP wherever updates may be missing.
   * @param {string} after an id
   */
  since(after) {
    const known = this.#entries.findLastIndex(({ update }) => update.id === after);
    // An unknown cursor may come from the other path, which may be ahead of this ring. So only higher ids are sent.
    const missed = known < 0 ? this.#entries.filter(({ update }) => update.id > after) : this.#missedSince(known);
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
   * What follows the entry at `known`. Whoever has an update of a healed stretch may lack others of it, before and after.
   * @param {number} known
   */
  #missedSince(known) {
    const { isHealed, epoch } = this.#entries[known];
    const isOfStretch = (/** @type {Entry} */ entry) => entry.isHealed && entry.epoch === epoch;
    const start = isHealed ? this.#entries.findLastIndex((entry, index) => index < known && !isOfStretch(entry)) + 1 : known;
    return this.#entries.slice(start).filter((_, index) => start + index !== known);
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
    return [...(isNewer ? [newest] : []), ...(isReached && this.isCurrent ? [] : [hole(isNewer ? newest.id : after, null)])];
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
