/**
 * What a room remembers of its updates, kept in memory and written behind.
 *
 * A write holds back every later send until it is durable, so none lies between an update and its clients. The first
 * update after a save is sent, then noted as unsaved (before its publisher hears that it was taken); a save follows
 * within LIMITS.saveDelayMs. A wake that finds the note is unclean: up to that many milliseconds of updates and ids are
 * gone. Its cost: the epoch ends, so clients hear GAP and fill from /prices; a publisher's retry of a lost id is sent
 * twice; the newest price may be that much older.
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
  /** @type {SeenIds | null} read from storage at the first broadcast: connecting clients do not need it */
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
   * Those of `updates` that were not seen before.
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

  /** Notes that updates were taken and are not saved yet. Returns whether this was the first since a save. */
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
   * Notes, at once and for good, that updates passed this room by. Those that were sent before belong to the epoch that ends.
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
