/** MOVED: where a token has gone. Pure. */

/** @typedef {import("../glow.js").Protocol} Protocol */

/**
 * A route, with the cursor of the move for a client that has none.
 * @typedef {import("../glow.js").Route & {after?: string | null}} Route
 */

/** @typedef {{path: string, url: string, liveUrl?: string, after: string | null, jitterMs: number}} Moved */

/** The first command, where a socket is for many tokens. */
const subscribe = { action: "subscribePrice" };
/** @type {Protocol} */
const AWS = { subscribe, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 };
/** @type {Protocol} */
const EDGE = { subscribe, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null };

/**
 * The protocols of each path, because MOVED names only path and URLs. They are those that /connect answers.
 * @type {Record<string, {one: Protocol, live: Protocol}>}
 */
const PROTOCOLS = { aws: { one: AWS, live: AWS }, edge: { one: { ...EDGE, subscribe: null }, live: EDGE } };

/** The route of a move; null if only the stack knows how to speak there. @param {Moved} moved @returns {Route | null} */
export function routeOf({ path, url, liveUrl, after }) {
  const protocols = PROTOCOLS[path];
  if (protocols === undefined) return null;
  return { path, url, protocol: protocols.one, live: liveUrl === undefined ? undefined : { url: liveUrl, protocol: protocols.live }, after };
}
