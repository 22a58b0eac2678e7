/** The messages other than prices, as they are sent. */

import { isWhole } from "./body.js";

/** The runtime answers exactly this text with PONG, without waking the room. */
export const PING = JSON.stringify({ type: "ping" });
export const PONG = JSON.stringify({ type: "pong" });

/**
 * Tells a client that updates may be missing between two ids.
 * @typedef {object} Gap
 * @property {"GAP"} type
 * @property {string} token
 * @property {string | null} after nothing is missing up to this id; null if nothing is known, not even the newest price
 * @property {string | null} until the first id after the gap; null if none has arrived yet
 */

/**
 * @param {string} token
 * @param {string | null} after
 * @param {string | null} until
 * @returns {Gap}
 */
export const gap = (token, after, until) => ({ type: "GAP", token, after, until });

/**
 * @param {string} connectionId
 * @param {string} colo Cloudflare's data centre that the client reached
 */
export const connected = (connectionId, colo) => JSON.stringify({ type: "connected", connectionId, colo });

/**
 * Tells a client that its token has moved to another path. The old path still serves until the grace ends.
 * @typedef {object} Moved
 * @property {string} token
 * @property {string} path
 * @property {string} url of a socket for this token
 * @property {string} [liveUrl] of a socket for many tokens; the orders of older movers lack it
 * @property {string | null} after the client's cursor; null if it has received no update
 * @property {number} jitterMs the client waits for a random part of this, so that clients do not all connect at once
 */

/** @param {Moved} move */
export const moved = ({ token, path, url, liveUrl, after, jitterMs }) =>
  JSON.stringify({ type: "MOVED", token, path, url, liveUrl, after, jitterMs });

/**
 * What a room tells hubs, and only them, of itself. It comes after the greeting, and after anything that was read from the
 * table.
 * @typedef {object} RoomState
 * @property {"ROOM"} type
 * @property {import("./update.js").Update | null} newest
 * @property {boolean} isCurrent whether that is known to be the price now; false if updates may have been missed
 * @property {boolean} isOrdered whether all clients anywhere have received what came before in the same order
 */

/** @param {Omit<RoomState, "type">} state */
export const roomState = ({ newest, isCurrent, isOrdered }) => JSON.stringify({ type: "ROOM", newest, isCurrent, isOrdered });

/**
 * What a hub tells a room.
 * @param {number} count of its clients that follow the token
 */
export const followers = (count) => JSON.stringify({ type: "followers", count });

/** What `followers` said; null if it is something else. @param {string | ArrayBuffer} message @returns {number | null} */
export function reportOf(message) {
  const { type, count } = fieldsOf(message);
  return type === "followers" && isWhole(count, Number.MAX_SAFE_INTEGER) ? count : null;
}

/** @param {readonly string[]} tokens @param {boolean} isList whether the command had a list */
export const subscribed = (tokens, isList) => about("SUBSCRIBED", tokens, isList);

/** @param {readonly string[]} tokens @param {boolean} isList whether the command had a list */
export const unsubscribed = (tokens, isList) => about("UNSUBSCRIBED", tokens, isList);

/** @param {string} type @param {readonly string[]} tokens @param {boolean} isList */
const about = (type, tokens, isList) => JSON.stringify({ type, ...(isList ? { tokens } : { token: tokens[0] }) });

/** @param {number | null} expiresAt Unix seconds; null: everybody may listen, for ever */
export const authorized = (expiresAt) => JSON.stringify({ type: "AUTHORIZED", expiresAt });

/**
 * @param {string} code
 * @param {string} message what is wrong, and the remedy
 * @param {string} [token] the one that alone is refused
 */
export const error = (code, message, token) => JSON.stringify({ type: "ERROR", code, message, token });

/** Whether a client's message is a ping, with any spacing or field order. @param {string | ArrayBuffer} message */
export const isPing = (message) => fieldsOf(message).type === "ping";

/** A message's fields; none if it is no JSON object. @param {string | ArrayBuffer} message @returns {Record<string, unknown>} */
function fieldsOf(message) {
  try {
    return { ...JSON.parse(String(message)) };
  } catch {
    return {};
  }
}
