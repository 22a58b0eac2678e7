/** What a client is sent of a token first: the newest price, or what it missed since its cursor. */

import { placeOf } from "./ids.js";
import { gap } from "./messages.js";

/** @typedef {import("./hub_client.js").Subscription} Subscription */
/** @typedef {import("./hub_ring.js").HubRing} HubRing */
/** @typedef {import("./frames.js").Item} Item */

/**
 * What a room remembers, as it was asked for it, and the hub's number then: what follows is in the hub's ring.
 * @typedef {object} Recalled
 * @property {import("./ring.js").Ring} past
 * @property {number} number
 */

/**
 * The opening of a subscription; null if the hub has to ask the room first.
 * @param {Subscription} subscription
 * @param {HubRing} ring
 * @param {Recalled | null} recalled
 * @returns {Item[] | null}
 */
export function openingOf({ token, after, delivery }, ring, recalled) {
  if (after === null) return newestOf(token, ring);
  if (delivery === "latest") return newestSince(token, after, ring);
  const known = ring.since(token, after);
  if (known !== null || recalled === null || ring.lossAfter(token, recalled.number).hasLost) return known;
  const past = recalled.past.since(after).map((item) => itemOf(token, item));
  return [...past, ...ring.afterNumber(token, recalled.number).filter(({ id }) => id === null || !recalled.past.has(id))];
}

/**
 * The opening of a client that missed more than it is sent: it reads the rest itself.
 * @param {Subscription} subscription
 * @param {HubRing} ring
 */
export function shortened({ token, after }, ring) {
  const newest = ring.newest(token);
  return [gapOf(token, after, newest?.id ?? null), ...(newest === null ? [] : [newest])];
}

/** @param {string} token @param {HubRing} ring @returns {Item[]} */
function newestOf(token, ring) {
  const newest = ring.newest(token);
  if (!ring.isCurrent(token)) return [gapOf(token, null, null)]; // the newest of before may be old
  return newest === null ? [] : [newest];
}

/** As a room does it. @param {string} token @param {string} after @param {HubRing} ring @returns {Item[]} */
function newestSince(token, after, ring) {
  const newest = ring.newest(token);
  const isReached = newest?.id ? placeOf(newest.id) >= placeOf(after) : false;
  const news = newest !== null && isReached && newest.id !== after ? [newest] : [];
  return isReached && ring.isCurrent(token) ? news : [...news, gapOf(token, news[0]?.id ?? after, null)];
}

/**
 * @param {string} token
 * @param {string | null} after
 * @param {string | null} until
 * @returns {Item}
 */
export const gapOf = (token, after, until) => ({ token, text: JSON.stringify(gap(token, after, until)), isAlone: true });

/** @param {string} token @param {import("./update.js").Update | import("./ring.js").Hole} item @returns {Item} */
const itemOf = (token, item) => (item.type === "GAP" ? gapOf(token, item.after, item.until) : { token, text: textOf(item), isAlone: false });

/** Made once, though many may have missed it. @param {import("./update.js").Update} update */
function textOf(update) {
  const text = TEXTS.get(update) ?? JSON.stringify(update);
  TEXTS.set(update, text);
  return text;
}

/** @type {WeakMap<import("./update.js").Update, string>} */
const TEXTS = new WeakMap();
