/** A token of a feed, and all who follow it: they share what its router brings. */

import { Channel } from "./channel.js";
import { Router } from "./router.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").State} State */
/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./channel.js").Wishes} Wishes */
/** @typedef {import("./connections.js").Connections} Connections */
/** @typedef {import("./discovery.js").Discovery} Discovery */
/** @typedef {import("./follower.js").Follower} Follower */
/** @typedef {import("./refusal.js").Refusal} Refusal */
/** @typedef {import("./sequence.js").Handout} Handout */

/**
 * @typedef {object} Owner
 * @property {Connections} connections
 * @property {Discovery} discovery
 * @property {() => void} onChange called with each change of state
 * @property {(stream: Stream) => void} onEnd the token is not followed any more
 * @property {(token: string, reason: string) => void} warn
 */

export class Stream {
  token;
  /** @type {State} */
  state = { state: "connecting", path: null, reason: null };
  /** Whether that state has been told. */
  isTold = false;
  /** @type {Update | null} */
  newest = null;
  #owner;
  #scope;
  #router;
  /** @type {Wishes} */
  #wishes = { delivery: "latest", maxFill: 0 };
  /** @type {Set<Follower>} */
  #followers = new Set();

  /** @param {string} token @param {Owner} owner */
  constructor(token, owner) {
    const { connections, discovery } = owner;
    this.token = token;
    this.#owner = owner;
    this.#scope = new Scope(connections.host);
    const channel = new Channel(token, connections.rest, this.#wishes, this.#scope, {
      take: (handout) => this.#take(handout),
      skip: (reason) => this.#tell({ ...this.state, reason }),
    });
    this.#router = new Router(token, channel, connections, discovery, {
      onState: (state) => this.#show(state),
      onLasting: (reason) => this.#warn(reason),
      onRefused: (refusal) => this.#refuse(refusal),
    });
  }

  /** Takes one more. It is told nothing before the app has got it. @param {Follower} follower */
  add(follower) {
    const { delivery, maxFill } = follower.wishes;
    this.#followers.add(follower);
    this.#wishes.maxFill = Math.max(this.#wishes.maxFill, maxFill);
    if (delivery === "all" && this.#wishes.delivery === "latest") {
      this.#wishes.delivery = delivery;
      this.#router.wishAgain();
    }
    this.#scope.later(0, () => follower.begin());
  }

  /** @param {Follower} follower */
  remove(follower) {
    this.#followers.delete(follower);
    // Not at once: a page that draws its list anew leaves a token and follows it again.
    this.#scope.later(0, () => this.#followers.size > 0 || this.end(""));
  }

  wake() {
    this.#router.wake();
  }

  /** @param {string} reason @param {Refusal} [refusal] */
  end(reason, refusal) {
    this.#scope.end();
    this.#router.close();
    this.#owner.onEnd(this); // first, because a follower that hears of it may subscribe again
    for (const follower of this.#followers) follower.end(reason, refusal);
  }

  /** @param {Handout} handout */
  #take({ update, isLate }) {
    if (!isLate) this.newest = update;
    for (const follower of this.#followers) follower.take(update, isLate);
  }

  /** @param {State} state */
  #show(state) {
    if (!this.isTold || state.state !== this.state.state || state.path !== this.state.path) this.#tell(state);
  }

  /** @param {State} state */
  #tell(state) {
    this.isTold = true;
    this.state = state;
    for (const follower of this.#followers) follower.show(state);
    this.#owner.onChange();
  }

  /** @param {Refusal} refusal */
  #refuse(refusal) {
    const { message } = refusal;
    if ([...this.#followers].every(({ wishes }) => wishes.onError === undefined)) this.#warn(message);
    this.end(message, refusal);
  }

  /** Says on the console what the app has not asked to be told. @param {string} reason */
  #warn(reason) {
    if ([...this.#followers].every(({ wishes }) => !wishes.hearsStates)) this.#owner.warn(this.token, reason);
  }
}
