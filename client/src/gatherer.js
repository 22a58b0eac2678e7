/** Does something once for all who ask for it at about the same time: soon, and then at most every 100 ms. */

/** @typedef {import("./scope.js").Scope} Scope */

const SOON_MS = 2; // timers of tokens that wait together fire within a millisecond
const APART_MS = 100; // a list that is scrolled follows and leaves tokens all the time; both paths take 300 commands in 10 s

export class Gatherer {
  #scope;
  #act;
  #isDue = false;
  #nextAtMs = -Infinity;

  /** @param {Scope} scope @param {() => void} act */
  constructor(scope, act) {
    this.#scope = scope;
    this.#act = act;
  }

  ask() {
    if (this.#isDue) return;
    const { host } = this.#scope;
    this.#isDue = true;
    this.#scope.later(Math.max(SOON_MS, this.#nextAtMs - host.nowMs()), () => {
      this.#isDue = false;
      this.#nextAtMs = host.nowMs() + APART_MS;
      this.#act();
    });
  }
}
