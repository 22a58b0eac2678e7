/** Tells whether the other end of a socket still lives: it is dead 10 s after a ping that nothing followed. */

import { ANSWER_MS } from "./rest.js";

const LATE_TIMER_MS = 1_000;

/** @typedef {import("./scope.js").Scope} Scope */

export class Pulse {
  #scope;
  #ping;
  #die;
  /** Cancels the wait for an answer. @type {(() => void) | null} */
  #cancelWait = null;

  /** @param {Scope} scope @param {() => void} ping @param {() => void} die */
  constructor(scope, ping, die) {
    this.#scope = scope;
    this.#ping = ping;
    this.#die = die;
  }

  /** Pings every `pingMs`. @param {number} pingMs */
  beatEvery(pingMs) {
    this.#scope.later(pingMs, () => {
      this.check();
      this.beatEvery(pingMs);
    });
  }

  /** Notes that something was received. */
  hear() {
    this.#cancelWait?.();
    this.#cancelWait = null;
  }

  /** Pings now. Any message is an answer. */
  check() {
    this.#ping();
    if (this.#cancelWait === null) this.#waitOnce(true);
  }

  /** @param {boolean} mayBeLate */
  #waitOnce(mayBeLate) {
    const dueMs = this.#scope.host.nowMs() + ANSWER_MS;
    this.#cancelWait = this.#scope.later(ANSWER_MS, () => {
      // In a hidden tab and after a sleep, timers fire late. Then the answer may lie unread, or the network is not back yet.
      if (!mayBeLate || this.#scope.host.nowMs() - dueMs <= LATE_TIMER_MS) return this.#die();
      this.#ping();
      this.#waitOnce(false);
    });
  }
}
