/** Timers that can be cancelled together. */

/** @typedef {import("./host.js").Host} Host */

export class Scope {
  isOver = false;
  /** @type {Set<() => void>} */
  #ends = new Set();

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
  }

  /**
   * @param {number} delayMs
   * @param {() => void} act
   * @param {() => void} [atEnd] called if this ends before
   * @returns {() => void} cancels both
   */
  later(delayMs, act, atEnd) {
    if (this.isOver) return () => {};
    const cancel = () => {
      clear();
      this.#ends.delete(end);
    };
    const clear = this.host.setTimer(() => {
      cancel();
      act();
    }, delayMs);
    const end = () => {
      clear();
      atEnd?.();
    };
    this.#ends.add(end);
    return cancel;
  }

  end() {
    this.isOver = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}
