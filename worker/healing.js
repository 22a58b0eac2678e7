/**
 * A room heals itself: it reads from the table what it has missed or lost, so that its clients need not.
 *
 * It reads after an unclean wake, when a move calls it back, and when a client comes that it knows no price for. The newest
 * LIMITS.replayUpdates are enough: a replay holds no more, and a client that lacks more hears GAP in any case.
 *
 * Meanwhile posts are answered and held, and greetings wait. Not by `blockConcurrencyWhile`, which would keep publishers
 * waiting, too. What the read finds is sent like a post, so that connected clients hear it.
 */

import { LIMITS } from "./limits.js";
import { log } from "./log.js";

/** @typedef {import("./update.js").Update} Update */

export class Healing {
  #history;
  #flow;
  #read;
  #announce;
  #isRunning = false;
  #isOutdated = false;
  #failures = 0;
  #notBeforeMs = 0;
  #lookedUpMs = -Infinity;

  /**
   * @param {object} room
   * @param {import("./history.js").History} room.history
   * @param {import("./flow.js").Flow<import("./ring.js").Arrival>} room.flow
   * @param {(signal: AbortSignal) => Promise<{updates: Update[], isAll: boolean}>} room.read
   * @param {(until: string | null) => void} room.announce tells clients that updates are missing before `until`
   */
  constructor({ history, flow, read, announce }) {
    this.#history = history;
    this.#flow = flow;
    this.#read = read;
    this.#announce = announce;
  }

  /** Whether greetings have to wait. */
  get isRunning() {
    return this.#isRunning;
  }

  /**
   * Reads the table because the room has missed updates just now: again, if it is reading.
   * @param {() => void} then
   */
  startAfresh(then) {
    this.#isOutdated = this.#isRunning;
    this.#notBeforeMs = 0;
    this.start(then);
  }

  /**
   * Reads the table if the room is behind. Call this at each event.
   * @param {() => void} then called at the end of the read
   */
  start(then) {
    if (this.#history.isBehind) this.#startNow(LIMITS.healJitterMs * Math.random(), then);
  }

  /**
   * The same when a client comes, or is there: also if the room is not known to be served.
   * @param {() => void} then
   */
  startFor(then) {
    if (!this.#history.isBlank) this.start(then);
    else if (Date.now() >= this.#lookedUpMs + LIMITS.lookUpMs) this.#startNow(0, then);
  }

  /**
   * The same when the mover calls a room that is not known to be served: clients may have waited for that in it.
   * @param {() => void} then
   */
  lookUp(then) {
    if (this.#history.isBlank) this.#startNow(0, then);
  }

  /** @param {number} delayMs @param {() => void} then */
  #startNow(delayMs, then) {
    if (this.#isRunning || Date.now() < this.#notBeforeMs) return;
    this.#isRunning = true;
    this.#history.beginRead(Date.now());
    this.#flow.hold();
    void this.#run(delayMs, then);
  }

  /** @param {number} delayMs @param {() => void} then */
  async #run(delayMs, then) {
    let found;
    do {
      this.#isOutdated = false;
      found = await this.#tryToRead(delayMs);
    } while (this.#isOutdated);
    this.#isRunning = false;
    if (found === null) this.#giveUp();
    else this.#take(found);
    then();
  }

  /** @param {number} delayMs many rooms may wake at the same time */
  async #tryToRead(delayMs) {
    const signal = AbortSignal.timeout(LIMITS.healMs);
    try {
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return await this.#read(signal);
    } catch (error) {
      log("not_healed", { error: String(error) });
      return null;
    }
  }

  /** @param {{updates: readonly Update[], isAll: boolean}} found */
  #take({ updates, isAll }) {
    const nowMs = Date.now();
    this.#failures = 0;
    this.#lookedUpMs = nowMs;
    const { unsavedCount } = this.#history;
    const { arrivals, isWhole } = this.#history.heal(updates, isAll, nowMs);
    if (!isWhole) this.#announce(arrivals[0]?.update.id ?? null);
    this.#flow.release(arrivals, unsavedCount);
    if (!this.#history.isBlank) this.#history.save(nowMs);
    if (arrivals.length > 0) log("healed", { updates: arrivals.length, is_whole: isWhole });
  }

  #giveUp() {
    this.#notBeforeMs = Date.now() + Math.min(LIMITS.healAgainMs * 2 ** this.#failures, LIMITS.healAgainMaxMs);
    this.#failures += 1;
    if (this.#history.giveUp()) this.#announce(null);
    this.#flow.release([], 0);
  }
}
