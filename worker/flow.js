/**
 * When updates leave: the first at once, and those that come while it is written, or in the pause after that, together.
 *
 * The pause grows with the number of sockets. A small room or hub gains nothing by waiting, while a large one sends larger
 * frames instead of more. It cannot be measured how long the writing took: the clock of a Worker stands still while it
 * computes, and in a timer shows the time for which the timer was set.
 */

import { LIMITS } from "./limits.js";

/** @template Arrival */
export class Flow {
  #pauseAfter;
  #send;
  #most;
  /** @type {Arrival[]} */
  #queue = [];
  #isBusy = false;
  #isHeld = false;

  /**
   * @param {(sockets: number) => number} pauseAfter milliseconds, after so many sockets were written to
   * @param {(arrivals: readonly Arrival[], whenWritten: (sockets: number) => void) => void} send
   * @param {number} [most] that are sent at once
   */
  constructor(pauseAfter, send, most = LIMITS.replayUpdates) {
    this.#pauseAfter = pauseAfter;
    this.#send = send;
    this.#most = most;
  }

  /** @param {readonly Arrival[]} arrivals */
  push(arrivals) {
    for (const arrival of arrivals) this.#queue.push(arrival);
    this.#advance();
  }

  /** Sends nothing until `release`. */
  hold() {
    this.#isHeld = true;
  }

  /**
   * Sends everything that was held, and `found` before the last `unsaved` of it: what is sent has the order in which it is
   * saved.
   * @param {readonly Arrival[]} found
   * @param {number} unsaved
   */
  release(found, unsaved) {
    this.#queue.splice(Math.max(0, this.#queue.length - unsaved), 0, ...found);
    this.#isHeld = false;
    this.flush();
  }

  /** Hands on what waits, without a pause. */
  flush() {
    while (!this.#isHeld && this.#queue.length > 0) this.#send(this.#take(), () => {});
  }

  #advance() {
    if (this.#isBusy || this.#isHeld || this.#queue.length === 0) return;
    this.#isBusy = true;
    this.#send(this.#take(), (sockets) => this.#pause(this.#pauseAfter(sockets)));
  }

  /** @param {number} pauseMs */
  #pause(pauseMs) {
    const end = () => {
      this.#isBusy = false;
      this.#advance();
    };
    if (pauseMs === 0 && this.#queue.length === 0) end();
    // The first timer fires when the runtime has written the frames that were sent, and the pause begins there. So with many
    // clients frames get larger instead of the runtime's queues getting longer (docs/performance.md).
    else setTimeout(() => setTimeout(end, pauseMs), 0);
  }

  /**
   * Takes no more at once than a replay may hold. The runtime writes to sockets only between events, so with more a healthy
   * client would look stalled.
   */
  #take() {
    return this.#queue.splice(0, this.#most);
  }
}
