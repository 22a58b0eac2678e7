/** What `subscribe` returns: a feed of one token, with a socket of its own. */

import { Feed } from "./feed.js";
import { HOST } from "./host.js";

/** @typedef {import("../glow.js").Options} Options */

export class Subscription {
  #feed;
  #follower;

  /** @param {string} token @param {Options} options @param {import("./host.js").Surroundings} [surroundings] */
  constructor(token, options, surroundings = HOST) {
    this.#feed = new Feed({ ...options, onState: undefined }, surroundings, false);
    this.#follower = this.#feed.subscribe(token, options);
  }

  get token() {
    return this.#follower.token;
  }

  get state() {
    return this.#follower.state;
  }

  get newest() {
    return this.#follower.newest;
  }

  wake() {
    this.#feed.wake();
  }

  close() {
    this.#feed.close();
  }
}
