/** Virtual time: nothing waits for real. */

/** @typedef {{dueMs: number, order: number, depth: number, act: () => void}} Timer */

const TRAVEL_MS = 10;
const MINUTE_MS = 60_000;
const CHAINED = 5;

/** Promises that are settled have been heeded. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Runs what is due, in order, and jumps from one moment to the next. */
export class VirtualTime {
  nowMs = 0;
  /** A hidden tab: chained timers fire on the full minute (Chrome, "intensive throttling"). */
  isHidden = false;
  /** @type {Set<Timer>} */
  #timers = new Set();
  #order = 0;
  #depth = 0;

  /** A timer of the page. @param {() => void} act @param {number} delayMs */
  setTimer(act, delayMs) {
    const depth = this.#depth + 1;
    const dueMs = this.nowMs + delayMs;
    return this.#add({ dueMs: this.isHidden && depth > CHAINED ? Math.ceil(dueMs / MINUTE_MS) * MINUTE_MS : dueMs, depth, act });
  }

  /** Something that comes over the network. @param {() => void} act @param {number} [delayMs] */
  arrive(act, delayMs = TRAVEL_MS) {
    this.#add({ dueMs: this.nowMs + delayMs, depth: 0, act });
  }

  /** @param {Omit<Timer, "order">} timer */
  #add(timer) {
    const added = { ...timer, order: this.#order++ };
    this.#timers.add(added);
    return () => void this.#timers.delete(added);
  }

  /** @param {number} untilMs */
  async run(untilMs) {
    await settled();
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      this.#depth = next.depth;
      next.act();
      await settled();
      this.#depth = 0;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** The device sleeps: timers that were due meanwhile are late, and come before what the network has brought. @param {number} seconds */
  sleep(seconds) {
    this.nowMs += seconds * 1_000;
    for (const timer of this.#timers) if (timer.depth === 0) timer.dueMs += seconds * 1_000;
  }
}
