/**
 * A room's updates: kept in memory, saved to SQLite a little later.
 *
 * The runtime holds back every send that follows a write until the write is durable, so nothing is written between an
 * update's arrival and its sending. The first update after a save is sent; then a mark "unsaved" is written, before the
 * publisher gets its answer. The save follows within LIMITS.saveDelayMs.
 *
 * A wake that finds the mark is unclean: the updates and ids of at most that time are lost. Then the epoch ends, so
 * clients receive GAP and read /prices. A publisher's retry of a lost id is sent to clients twice. The newest price may
 * be too old by that time.
 */

import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { Ring } from "./ring.js";
import { SeenIds } from "./seen.js";

/** @typedef {import("./store.js").RoomStore} RoomStore */
/** @typedef {import("./update.js").Update} Update */

export class History {
  #store;
  #ring;
  /** @type {SeenIds | null} read from storage at the first broadcast; connecting clients do not need it */
  #seen = null;
  /** @type {Update[]} */
  #unsaved = [];
  #isMarkedUnsaved = false;

  /** @param {RoomStore} store */
  constructor(store) {
    this.#store = store;
    const { hasUnsaved, ...past } = this.#store.load();
    if (hasUnsaved) log("unclean_wake", { ended_epoch: past.epoch });
    this.#ring = new Ring({ ...past, epoch: hasUnsaved ? past.epoch + 1 : past.epoch });
  }

  get ring() {
    return this.#ring;
  }

  /**
   * The updates whose ids are new. Remembers the ids.
   * @param {readonly Update[]} updates
   * @param {number} nowMs
   */
  admit(updates, nowMs) {
    const seen = (this.#seen ??= new SeenIds(this.#store.loadIds(nowMs - LIMITS.seenMs)));
    return updates.filter(({ id }) => seen.admit(id, nowMs));
  }

  /** @param {readonly Update[]} updates as they are sent */
  append(updates) {
    this.#ring.append(updates);
    for (const update of updates) this.#unsaved.push(update);
  }

  /** Writes the mark "unsaved". Returns false if it was already written since the last save. */
  markUnsaved() {
    if (this.#isMarkedUnsaved) return false;
    this.#store.markUnsaved(this.#ring.epoch);
    this.#isMarkedUnsaved = true;
    return true;
  }

  /** @param {number} nowMs */
  save(nowMs) {
    if (this.#isMarkedUnsaved || this.#unsaved.length > 0) this.#write(nowMs);
  }

  /**
   * Starts a new epoch and saves that at once: this room has missed updates. Updates sent so far belong to the old epoch.
   * @param {number} nowMs
   */
  endEpoch(nowMs) {
    this.save(nowMs);
    this.#ring.endEpoch();
    this.#write(nowMs);
  }

  /** @param {number} nowMs */
  #write(nowMs) {
    this.#store.save({ epoch: this.#ring.epoch, newest: this.#ring.newest, updates: this.#unsaved, nowMs });
    this.#unsaved = [];
    this.#isMarkedUnsaved = false;
  }
}
