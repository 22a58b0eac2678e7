/** Reads by REST what sockets left out: gaps become one, and one loop reads it. */

import { Backoff } from "./backoff.js";
import { Refusal } from "./refusal.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./scope.js").Scope} Scope */

/**
 * What is to be read: the id after which it begins; NEWEST: the newest price alone. It has no end, because the id that follows a
 * gap says little of it: that may be a trade that was late.
 * @typedef {string} Start
 */

/**
 * @typedef {object} Taker
 * @property {(updates: readonly Update[]) => void} fill takes updates in trade order
 * @property {(reason: string) => void} skip called when prices are left out
 * @property {() => void} release called when nothing is missing any more
 */

/** Above every id, so that of two starts the lower one has both in it. @type {Start} */
export const NEWEST = "~";

export class Filler {
  #token;
  #rest;
  #wishes;
  #scope;
  #taker;
  /** What is still to be read, beside what is being read. @type {Start | null} */
  #owed = null;
  isIdle = true;

  /** @param {string} token @param {Rest} rest @param {{maxFill: number}} wishes how many prices are read at most @param {Scope} scope @param {Taker} taker */
  constructor(token, rest, wishes, scope, taker) {
    this.#token = token;
    this.#rest = rest;
    this.#wishes = wishes;
    this.#scope = scope;
    this.#taker = taker;
  }

  /** Reads from `start` on. Several gaps become one: reading some trades again costs little. @param {Start} start */
  owe(start) {
    if (this.#owed === null || start < this.#owed) this.#owed = start;
    if (this.isIdle) void this.#run();
  }

  async #run() {
    const backoff = new Backoff();
    let pricesRead = 0;
    this.isIdle = false;
    while (this.#owed !== null && !this.#scope.isOver) {
      const start = this.#owed;
      this.#owed = null; // a gap that comes meanwhile stays owed: the answer may not have it yet
      try {
        const { prices, next } = await this.#page(start);
        this.#taker.fill(prices);
        pricesRead += prices.length;
        backoff.reset();
        const { maxFill } = this.#wishes;
        if (next !== null && pricesRead >= maxFill) this.#skip(start, `more than ${maxFill} prices were missed`);
        else if (next !== null) this.owe(next);
      } catch (error) {
        if (error instanceof Refusal) this.#skip(start, `missed prices are lost: ${error.message}`);
        else {
          this.owe(start);
          await new Promise((resolve) => this.#scope.later(backoff.nextMs(this.#scope.host.random()), () => resolve(null)));
        }
      }
    }
    this.isIdle = true;
    this.#taker.release();
  }

  /** @param {Start} start @returns {Promise<{prices: Update[], next: string | null}>} */
  async #page(start) {
    if (start === NEWEST) return { prices: await this.#rest.newest(this.#scope, this.#token), next: null };
    return this.#rest.page(this.#scope, this.#token, start);
  }

  /** Leaves out all but the newest price, or that too. @param {Start} start @param {string} reason */
  #skip(start, reason) {
    if (start !== NEWEST) this.owe(NEWEST);
    this.#taker.skip(reason);
  }
}
