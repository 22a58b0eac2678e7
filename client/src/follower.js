/** What `Feed.subscribe` returns: it calls the app with the prices and states of one token. */

import { tell } from "./host.js";

/** @typedef {import("../glow.js").State} State */
/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./options.js").Wishes} Wishes */
/** @typedef {import("./refusal.js").Refusal} Refusal */
/** @typedef {import("./stream.js").Stream} Stream */

export class Follower {
  wishes;
  #stream;
  /** `joining`: the token's stream runs, and the app has not been told yet what it knows. @type {"joining" | "following" | "closed"} */
  #stage = "joining";
  /** @type {State} */
  #state;

  /** @param {Wishes} wishes @param {Stream} stream */
  constructor(wishes, stream) {
    this.wishes = wishes;
    this.#stream = stream;
    this.#state = stream.state;
  }

  get token() {
    return this.#stream.token;
  }

  get state() {
    return this.#state;
  }

  get newest() {
    return this.#stream.newest;
  }

  close() {
    this.end("close() was called");
    this.#stream.remove(this);
  }

  /** Begins to listen, with what the stream knows. */
  begin() {
    if (this.#stage !== "joining") return;
    const { state, newest } = this.#stream;
    this.#stage = "following";
    if (this.#stream.isTold) this.show(state);
    if (newest !== null) this.take(newest, false);
  }

  /** @param {Update} update @param {boolean} isLate */
  take(update, isLate) {
    const { delivery, onPrice } = this.wishes;
    if (this.#stage === "following" && (!isLate || delivery === "all")) tell(() => onPrice(update, { isLate }));
  }

  /** @param {State} state */
  show(state) {
    this.#state = state;
    if (this.#stage === "following") tell(() => this.wishes.onState?.(state));
  }

  /** Tells the last things. @param {string} reason @param {Refusal} [refusal] */
  end(reason, refusal) {
    if (this.#stage === "closed") return;
    this.#stage = "following";
    if (refusal !== undefined) tell(() => this.wishes.onError?.(refusal));
    this.show({ state: "closed", path: null, reason });
    this.#stage = "closed";
  }
}
