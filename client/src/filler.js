/** Reads by REST what sockets left out: one span, one loop. */

import { Backoff } from "./backoff.js";
import { Refusal } from "./rest.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./scope.js").Scope} Scope */

/**
 * The ids with `after` < id <= `until`. Without `until` it reaches to the newest; without `after` it is the newest alone.
 * @typedef {{after: string | null, until: string | null}} Span
 */

/**
 * @typedef {object} Taker
 * @property {(updates: readonly Update[]) => void} fill takes updates in trade order
 * @property {(reason: string) => void} skip called when prices are left out
 * @property {() => void} release called when nothing is missing any more
 */

/** @type {Span} */
export const NEWEST = { after: null, until: null };

export class Filler {
  #rest;
  #maxPrices;
  #scope;
  #taker;
  /** What is still to be read. @type {Span | null} */
  #owed = null;

  /** @param {Rest} rest @param {number} maxPrices that are read at most @param {Scope} scope @param {Taker} taker */
  constructor(rest, maxPrices, scope, taker) {
    this.#rest = rest;
    this.#maxPrices = maxPrices;
    this.#scope = scope;
    this.#taker = taker;
  }

  get isIdle() {
    return this.#owed === null;
  }

  /** Reads `span`. Several gaps become one: reading some trades again costs little. @param {Span} span */
  owe(span) {
    if (this.#owed === null) {
      this.#owed = span;
      void this.#run();
    } else this.#owed = cover(this.#owed, span);
  }

  async #run() {
    const backoff = new Backoff();
    let pricesRead = 0;
    while (this.#owed !== null && !this.#scope.isOver) {
      const span = this.#owed;
      try {
        const { prices, next } = await this.#page(span);
        this.#taker.fill(prices);
        pricesRead += prices.length;
        backoff.reset();
        // What came meanwhile stays owed.
        if (this.#owed === span) this.#owed = next === null ? null : { ...span, after: next };
        if (this.#owed !== null && pricesRead >= this.#maxPrices) this.#skip(`more than ${this.#maxPrices} prices were missed`);
      } catch (error) {
        if (error instanceof Refusal) this.#skip(`missed prices are lost: ${error.message}`);
        else await new Promise((resolve) => this.#scope.later(backoff.nextMs(this.#scope.host.random()), () => resolve(null)));
      }
    }
    this.#taker.release();
  }

  /** @param {Span} span @returns {Promise<{prices: Update[], next: string | null}>} */
  async #page({ after, until }) {
    if (after === null) return { prices: await this.#rest.newest(this.#scope), next: null };
    return this.#rest.page(this.#scope, after, until);
  }

  /** Leaves out all but the newest price, or that too. @param {string} reason */
  #skip(reason) {
    this.#owed = this.#owed?.after == null ? null : NEWEST;
    this.#taker.skip(reason);
  }
}

/** A span that has both in it; it reaches to the newest, which costs little more. @param {Span} one @param {Span} other @returns {Span} */
function cover({ after: one }, { after: other }) {
  return { after: one === null || (other !== null && other < one) ? other : one, until: null };
}
