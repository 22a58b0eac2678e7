/** One token: takes what its sockets bring and reads what they left out, and hands over each price once. */

import { Filler, NEWEST } from "./filler.js";
import { idBefore } from "./ids.js";
import { Memory } from "./memory.js";
import { Sequence } from "./sequence.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./scope.js").Scope} Scope */
/** @typedef {import("./sequence.js").Handout} Handout */

const LATE_SECONDS = 60; // a trade may arrive this long after one with a higher id, so gaps are read from this much earlier
const HELD_MS = 5_000;

/**
 * What all who follow the token want together: `all` if one of them does, and the greatest `maxFill`.
 * @typedef {{delivery: "all" | "latest", maxFill: number}} Wishes
 */

export class Channel {
  #wishes;
  #scope;
  #app;
  #memory = new Memory();
  #sequence = new Sequence();
  #filler;
  #cancelRelease = () => {};
  /**
   * The cursor of a client that was connected and has received nothing, because the token was quiet: the time at which it had
   * asked where to connect. Everything since then must be delivered.
   * @type {string | null}
   */
  #servedFrom = null;

  /**
   * @param {string} token
   * @param {Rest} rest
   * @param {Wishes} wishes that may change
   * @param {Scope} scope
   * @param {{take: (handout: Handout) => void, skip: (reason: string) => void}} app
   */
  constructor(token, rest, wishes, scope, app) {
    this.#wishes = wishes;
    this.#scope = scope;
    this.#app = app;
    this.#filler = new Filler(token, rest, wishes, scope, this);
  }

  get delivery() {
    return this.#wishes.delivery;
  }

  get #wantsLatest() {
    return this.delivery === "latest";
  }

  /** What to ask `path` for. @param {string} path */
  wish(path) {
    return { after: this.#memory.cursor(path) ?? this.#servedFrom, delivery: this.#wantsLatest ? this.delivery : undefined };
  }

  /** From now on `path` delivers, and alone. @param {string} path @param {string | null} askedAt when the place was asked for, as an id */
  serveFrom(path, askedAt) {
    this.#servedFrom ??= askedAt;
    this.#memory.stayOn(path);
  }

  /** @param {string} path @param {Update} update that `path` delivered */
  take(path, update) {
    this.#memory.advance(path, update.id);
    if (this.#isNew(update)) this.#handOver(this.#sequence.add(update));
    if (this.#filler.isIdle) this.#memory.forgetOld(this.#scope.host.nowMs()); // while a gap is filled, even old ids may come again
  }

  /**
   * Reads what a path misses. It may name an earlier `after` than is needed: that of a trade that was hours late, or null if it
   * knows nothing of before.
   * @param {string | null} after
   */
  miss(after) {
    const { newestId } = this.#sequence;
    this.#owe(newestId !== null && newestId > (after ?? "") ? newestId : after);
  }

  /** Reads what has come since the newest price, or since a path served first; none does now. */
  poll() {
    this.#memory.stayOn(null);
    this.#owe(this.#sequence.newestId ?? this.#servedFrom);
  }

  /** @param {readonly Update[]} updates */
  fill(updates) {
    this.#handOver(this.#sequence.fill(updates.filter((update) => this.#isNew(update))));
  }

  /** @param {string} reason */
  skip(reason) {
    this.#app.skip(reason);
  }

  /** Holds live updates back no longer. */
  release() {
    this.#cancelRelease();
    this.#handOver(this.#sequence.release());
  }

  /** @param {string | null} after */
  #owe(after) {
    if (this.#filler.isIdle) {
      this.#sequence.hold();
      this.#cancelRelease = this.#scope.later(HELD_MS, () => this.release());
    }
    this.#filler.owe(after === null || this.#wantsLatest ? NEWEST : idBefore(after, LATE_SECONDS));
  }

  /** @param {Update} update */
  #isNew({ id }) {
    return this.#memory.admit(id, this.#scope.host.nowMs());
  }

  /** @param {readonly Handout[]} handouts */
  #handOver(handouts) {
    for (const handout of handouts) this.#app.take(handout);
  }
}
