/**
 * A room's updates: kept in memory, saved to SQLite as seldom as is safe, because Cloudflare bills each row that is written.
 *
 * The first update after a quiet time is saved at once. From the second on a mark "unsaved" is written, before the publisher
 * gets its answer, and the updates are saved together when the room has been idle for LIMITS.saveIdleMs, at the latest
 * after LIMITS.saveBusyMs. What a read of the price table could not bring back is saved at once, too.
 *
 * A wake that finds the mark is unclean: the updates and ids of at most that time are lost, and the room reads the table
 * (healing.js). If that fails, the epoch ends, so that clients hear GAP and read /prices themselves. A publisher's retry of a
 * lost id is sent to clients twice.
 */

import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { Ring } from "./ring.js";
import { SeenIds } from "./seen.js";

/** @typedef {import("./store.js").RoomStore} RoomStore */
/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./ring.js").Arrival} Arrival */

export class History {
  #store;
  #ring;
  /** @type {SeenIds | null} read from storage at the first broadcast; connecting clients do not need it */
  #seen = null;
  /** In order of arrival, also what waits to be sent and is not in the ring yet. @type {Arrival[]} */
  #unsaved = [];
  /** Since when updates of this object are unsaved but marked; null if none are. @type {number | null} */
  #markedMs = null;
  /** Whether the mark is in storage. */
  #isMarked;
  /** Whether updates were missed or lost, and if so, whether the clients have been told. @type {"no" | "yes" | "told"} */
  #missed;
  #isBlank;
  #isReading = false;
  /** The latest trade that arrived. */
  #newestSeconds;
  #lastPostMs = 0;
  #lastSaveMs = 0;

  /** @param {RoomStore} store */
  constructor(store) {
    this.#store = store;
    const { hasUnsaved, ...past } = this.#store.load();
    if (hasUnsaved) log("unclean_wake", { epoch: past.epoch });
    this.#isMarked = hasUnsaved;
    this.#missed = hasUnsaved ? "yes" : "no";
    this.#isBlank = past.entries.length === 0;
    this.#newestSeconds = past.newest?.timestamp ?? 0;
    this.#ring = new Ring(past);
  }

  get ring() {
    return this.#ring;
  }

  /**
   * Whether nothing says that this room is served: neither a post nor the mover. Its ring may hold what it read from the
   * table, but that is not saved, because it is not kept up to date.
   */
  get isBlank() {
    return this.#isBlank;
  }

  /** Whether the price now is unknown, because updates were missed or lost. */
  get isBehind() {
    return this.#missed === "yes" || (this.#missed === "told" && !this.#ring.isCurrent);
  }

  /** How many updates, the last ones to arrive, are not saved. */
  get unsavedCount() {
    return this.#unsaved.length;
  }

  /** Unix time at which the marked updates have to be saved; Infinity if there are none. */
  get saveDueMs() {
    return this.#markedMs === null ? Infinity : Math.min(this.#lastPostMs + LIMITS.saveIdleMs, this.#markedMs + LIMITS.saveBusyMs);
  }

  /**
   * Remembers the posted updates whose ids are new, and returns them.
   * @param {readonly Update[]} updates
   * @param {number} nowMs
   */
  admit(updates, nowMs) {
    const arrivals = this.#fresh(updates, nowMs).map((update) => ({ update, isHealed: false }));
    if (arrivals.length === 0) return arrivals;
    for (const arrival of arrivals) this.#unsaved.push(arrival);
    this.#isBlank = false;
    this.#lastPostMs = nowMs;
    return arrivals;
  }

  /**
   * Secures the posted `arrivals`, so that a crash does not lose them for good.
   * @param {readonly Arrival[]} arrivals
   * @param {boolean} isInTable whether a read of the table would bring them back
   * @param {number} nowMs
   */
  secure(arrivals, isInTable, nowMs) {
    if (arrivals.length === 0) return;
    const wasQuiet = this.#markedMs === null && nowMs - this.#lastSaveMs >= LIMITS.saveIdleMs;
    const isFound = (/** @type {Arrival} */ { update }) => update.timestamp >= this.#newestSeconds - LIMITS.lateSeconds;
    // During a read what can wait is marked only: then it is saved, as it is sent, after what the read finds.
    if ((wasQuiet && !this.#isReading) || !isInTable || !arrivals.every(isFound)) this.save(nowMs);
    else if (this.#markedMs === null) {
      this.#markedMs = nowMs;
      this.#mark();
    }
  }

  /** @param {number} nowMs */
  save(nowMs) {
    this.#markedMs = null;
    if (this.#unsaved.length > 0) {
      this.#store.save(this.#ring.epoch, this.#unsaved, nowMs);
      this.#unsaved = [];
      this.#lastSaveMs = nowMs;
    }
    if (this.isBehind) return; // the mark stays, so that the next wake reads the table
    this.#missed = "no";
    if (!this.#isMarked) return;
    this.#store.markSaved(this.#ring.epoch, this.#ring.newest);
    this.#isMarked = false;
  }

  /**
   * Notes, so that it outlasts a crash, that updates were missed.
   * @param {number} nowMs
   */
  noteMissed(nowMs) {
    this.save(nowMs);
    this.#isBlank = false;
    this.#missed = "yes";
    this.#mark();
  }

  /** The table is read from now on. What is unsaved at its end came during the read. @param {number} nowMs */
  beginRead(nowMs) {
    if (!this.#isBlank) this.save(nowMs);
    this.#isReading = true;
  }

  /**
   * Ends a read: takes the newest updates that the table has, in trade order. Returns what is new of them, to be sent, and whether
   * nothing is missing before it.
   * @param {readonly Update[]} updates
   * @param {boolean} isAll whether the table has no others
   * @param {number} nowMs
   */
  heal(updates, isAll, nowMs) {
    const { newest } = this.#ring; // without the posts that came during the read: those are not in the ring yet
    const sinceSeconds = newest === null ? 0 : newest.timestamp - LIMITS.lateSeconds;
    const isWhole = newest === null || isAll || updates.some(({ timestamp }) => timestamp < sinceSeconds);
    const missed = updates.filter(({ id, timestamp }) => timestamp >= sinceSeconds && !this.#ring.has(id));
    const arrivals = this.#fresh(missed, nowMs).map((update) => ({ update, isHealed: true }));
    this.#unsaved.unshift(...arrivals);
    if (!isWhole) this.#ring.endEpoch();
    this.#ring.confirmNewest();
    this.#missed = "no";
    this.#isReading = false;
    return { arrivals, isWhole };
  }

  /** Ends a read and the epoch, because the table could not be read. Returns false if it ended before for the same reason. */
  giveUp() {
    this.#isReading = false;
    if (this.#missed === "told") return false;
    this.#missed = "told";
    this.#ring.endEpoch();
    return true;
  }

  /** @param {readonly Update[]} updates @param {number} nowMs */
  #fresh(updates, nowMs) {
    const seen = (this.#seen ??= new SeenIds(this.#store.loadIds(nowMs - LIMITS.seenMs)));
    const fresh = updates.filter(({ id }) => seen.admit(id, nowMs));
    for (const { timestamp } of fresh) this.#newestSeconds = Math.max(this.#newestSeconds, timestamp);
    return fresh;
  }

  #mark() {
    if (!this.#isMarked) this.#store.markUnsaved(this.#ring.epoch);
    this.#isMarked = true;
  }
}
