/** What `connect` returns: many tokens, over as few sockets as can be. */

import { Chart } from "./chart.js";
import { Connections } from "./connections.js";
import { Discovery } from "./discovery.js";
import { Follower } from "./follower.js";
import { HOST, tell } from "./host.js";
import { checkedChart, checkedStack, checkedWishes } from "./options.js";
import { Pass } from "./pass.js";
import { PriceLoop } from "./price_loop.js";
import { Rest } from "./rest.js";
import { Scope } from "./scope.js";
import { Stream } from "./stream.js";

/** @typedef {import("../glow.js").ChartOptions} ChartOptions */
/** @typedef {import("../glow.js").FeedOptions} FeedOptions */
/** @typedef {import("../glow.js").FeedState} FeedState */
/** @typedef {import("../glow.js").FollowOptions} FollowOptions */
/** @typedef {import("../glow.js").WishOptions} WishOptions */

/** From the best to the worst. A feed is as its worst token is. */
const RANKS = ["live", "moving", "polling", "connecting", "waiting"];

/** @type {FeedState} */
const IDLE = { state: "idle", path: null, reason: null };

export class Feed {
  #host;
  #rest;
  #onState;
  #scope;
  #connections;
  /** @type {import("./stream.js").Owner} */
  #owner;
  #ignoreDevice = () => {};
  /** By token. @type {Map<string, Stream>} */
  #streams = new Map();
  /** @type {FeedState} */
  #state = IDLE;
  /** What was said on the console last, since all was well. @type {string | null} */
  #warned = null;

  /**
   * @param {FeedOptions} options
   * @param {import("./host.js").Surroundings} [surroundings]
   * @param {boolean} [isShared] whether tokens share sockets
   */
  constructor(options, surroundings = HOST, isShared = true) {
    const { api, region, getToken, WebSocket } = checkedStack(options);
    const host = (this.#host = { ...surroundings, WebSocket });
    const scope = (this.#scope = new Scope(host));
    const pass = getToken === undefined ? null : new Pass(getToken, scope);
    const rest = (this.#rest = new Rest(api, region, pass));
    this.#onState = options.onState;
    this.#connections = new Connections(host, rest, pass, isShared);
    this.#owner = {
      connections: this.#connections,
      discovery: new Discovery(rest, scope, isShared),
      onChange: () => this.#look(),
      onEnd: (stream) => this.#end(stream),
      warn: (token, reason) => this.#warn(token, reason),
    };
  }

  get state() {
    return this.#state;
  }

  /** @param {string} token @param {FollowOptions} options */
  subscribe(token, options) {
    return this.#follow(token, checkedWishes(token, options));
  }

  /** @param {string} token @param {WishOptions} [options] @returns {AsyncIterable<import("../glow.js").Price>} */
  prices(token, options) {
    checkedWishes(token, { ...options, onPrice() {} });
    return { [Symbol.asyncIterator]: () => new PriceLoop((callbacks) => this.#follow(token, { ...checkedWishes(token, { ...options, ...callbacks }), hearsStates: false }), options?.delivery) };
  }

  /** @param {string} token @param {ChartOptions} options */
  candles(token, options) {
    const wishes = checkedChart(token, options);
    const hearsStates = wishes.onState !== undefined; // that of the chart itself does not tell the app
    return new Chart(token, wishes, this.#rest, this.#scope.host, (callbacks) => this.#follow(token, { ...checkedWishes(token, callbacks), hearsStates }));
  }

  /** @param {string} token */
  newest(token) {
    return this.#streams.get(token)?.newest ?? null;
  }

  wake() {
    this.#connections.check();
    for (const stream of this.#streams.values()) stream.wake();
  }

  close() {
    if (this.#scope.isOver) return;
    this.#scope.end();
    for (const stream of this.#streams.values()) stream.end("close() was called");
    this.#show({ state: "closed", path: null, reason: "close() was called" });
  }

  /** @param {string} token @param {import("./options.js").Wishes} wishes */
  #follow(token, wishes) {
    if (this.#scope.isOver) throw new Error("glow: the feed is closed");
    const stream = this.#streams.get(token) ?? this.#begin(token);
    const follower = new Follower(wishes, stream);
    stream.add(follower);
    return follower;
  }

  /** @param {string} token */
  #begin(token) {
    if (this.#streams.size === 0) this.#ignoreDevice = this.#host.onWake(() => this.wake());
    const stream = new Stream(token, this.#owner);
    this.#streams.set(token, stream);
    this.#look();
    return stream;
  }

  /** @param {Stream} stream */
  #end(stream) {
    this.#streams.delete(stream.token);
    if (this.#streams.size === 0) this.#ignoreDevice();
    this.#look();
  }

  /** Looks how the tokens are now. */
  #look() {
    if (this.#scope.isOver) return;
    const [worst = IDLE, ...others] = [...this.#streams.values()].map(({ state }) => state).sort((a, b) => RANKS.indexOf(b.state) - RANKS.indexOf(a.state));
    if (worst.state === "live") this.#warned = null;
    this.#show({ ...worst, path: others.every(({ path }) => path === worst.path) ? worst.path : null });
  }

  /** Says it once for all tokens that it befalls, if nobody listens to states. @param {string} token @param {string} reason */
  #warn(token, reason) {
    if (this.#onState !== undefined || reason === this.#warned) return;
    this.#warned = reason;
    this.#host.warn(`glow: ${token}: ${reason}`);
  }

  /** @param {FeedState} state */
  #show(state) {
    if (state.state === this.#state.state && state.path === this.#state.path) return;
    this.#state = state;
    tell(() => this.#onState?.(state));
  }
}
