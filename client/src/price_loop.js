/** The prices of a token for a loop that may be slow. */

/** @typedef {import("../glow.js").FollowOptions} FollowOptions */
/** @typedef {import("../glow.js").FeedSubscription} FeedSubscription */
/** @typedef {import("../glow.js").Price} Price */
/** @typedef {IteratorResult<Price, undefined>} Result */
/** @typedef {{resolve: (result: Result) => void, reject: (error: Error) => void}} Reader */

const MOST = 1_000; // that wait for the loop: as in Python, where the socket is not read then

/** @type {Result} */
const DONE = { done: true, value: undefined };

/** @implements {AsyncIterator<Price, undefined>} */
export class PriceLoop {
  #most;
  #subscription;
  /** @type {Price[]} */
  #waiting = [];
  /** Calls of `next` that wait for a price. @type {Reader[]} */
  #readers = [];
  /** The call of `next` that is answered when there is nothing more. @type {((reader: Reader) => void) | null} */
  #end = null;

  /** @param {(callbacks: FollowOptions) => FeedSubscription} subscribe @param {"all" | "latest"} [delivery] */
  constructor(subscribe, delivery) {
    this.#most = delivery === "latest" ? 1 : MOST;
    this.#subscription = subscribe({
      onPrice: (update, { isLate }) => this.#take({ update, isLate, skipped: 0 }),
      onError: (error) => this.#finish(({ reject }) => reject(error)),
      onState: ({ state }) => state === "closed" && this.#finish(({ resolve }) => resolve(DONE)),
    });
  }

  /** @returns {Promise<Result>} */
  next() {
    return new Promise((resolve, reject) => {
      const value = this.#waiting.shift();
      if (value !== undefined) resolve({ done: false, value });
      else if (this.#end === null) this.#readers.push({ resolve, reject });
      else this.#answer({ resolve, reject });
    });
  }

  /** @returns {Promise<Result>} */
  async return() {
    this.#waiting = [];
    this.#subscription.close();
    return DONE;
  }

  /** @param {Price} price */
  #take(price) {
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ done: false, value: price });
    this.#waiting.push(price);
    if (this.#waiting.length <= this.#most) return;
    const { skipped } = /** @type {Price} */ (this.#waiting.shift());
    this.#waiting[0].skipped += skipped + 1;
  }

  /** @param {(reader: Reader) => void} end of the loop: the first end counts */
  #finish(end) {
    this.#end ??= end;
    for (const reader of this.#readers.splice(0)) this.#answer(reader);
  }

  /** Tells the end; a loop that goes on after an error is done. @param {Reader} reader */
  #answer(reader) {
    this.#end?.(reader);
    this.#end = ({ resolve }) => resolve(DONE);
  }
}
