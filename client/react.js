/** React: the live price of a token in a component. An entry of its own, because the library itself needs no React. */

import { useCallback, useSyncExternalStore } from "react";

/** @typedef {import("./glow.js").Feed} Feed */
/** @typedef {import("./react.js").LivePrice} LivePrice */

/** @type {LivePrice} */
const NOTHING_YET = Object.freeze({ price: null, update: null, state: Object.freeze({ state: "connecting", path: null, reason: null }) });

/** What components show now, by feed and token. @type {WeakMap<Feed, Map<string, Shown>>} */
const shownByFeed = new WeakMap();

/** @param {Feed | null | undefined} feed @param {string | null | undefined} token */
export function usePrice(feed, token) {
  const subscribe = useCallback((/** @type {() => void} */ listener) => {
    if (feed == null || token == null) return () => {};
    return (shownOf(feed, token) ?? new Shown(feed, token)).listen(listener);
  }, [feed, token]);
  // A render subscribes to nothing, because it may never be shown. Until then, what others show is known.
  const getSnapshot = () => (feed == null || token == null ? undefined : shownOf(feed, token)?.livePrice) ?? NOTHING_YET;
  return useSyncExternalStore(subscribe, getSnapshot, () => NOTHING_YET);
}

/** @param {Feed} feed @param {string} token */
function shownOf(feed, token) {
  return shownByFeed.get(feed)?.get(token);
}

/** One token of a feed, and the components that show it: one subscription and, so that they never differ, one object for all. */
class Shown {
  livePrice = NOTHING_YET;
  #feed;
  #token;
  /** null if the feed does not take the token. @type {import("./glow.js").FeedSubscription | null} */
  #subscription = null;
  /** One for each component. @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {Feed} feed @param {string} token */
  constructor(feed, token) {
    const look = () => this.#look();
    this.#feed = feed;
    this.#token = token;
    try {
      this.#subscription = feed.subscribe(token, { delivery: "latest", onPrice: look, onState: look });
    } catch (error) {
      // It would end the whole app: React unmounts what throws in an effect.
      const reason = /** @type {Error} */ (error).message;
      this.livePrice = Object.freeze({ ...NOTHING_YET, state: Object.freeze({ state: "closed", path: null, reason }) });
    }
    const others = shownByFeed.get(feed) ?? new Map();
    shownByFeed.set(feed, others.set(token, this));
    look();
  }

  /** @param {() => void} listener @returns {() => void} ends it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  #look() {
    if (this.#subscription === null) return;
    const { newest, state } = this.#subscription;
    this.livePrice = Object.freeze({ price: newest?.price ?? null, update: newest, state });
    for (const listener of this.#listeners) listener();
  }

  /** A component that takes the place of another listens right after this. The feed does not let go of a token so soon. */
  #close() {
    shownByFeed.get(this.#feed)?.delete(this.#token);
    this.#subscription?.close();
  }
}
