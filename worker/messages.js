/** The messages other than prices, as they are sent. */

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
 * @param {object} move
 * @param {string} move.token
 * @param {string} move.path
 * @param {string} move.url
 * @param {string | null} move.after the client's cursor; null if it has received no update
 * @param {number} move.jitterMs the client waits for a random part of this, so that clients do not all connect at once
 */
export const moved = ({ token, path, url, after, jitterMs }) => JSON.stringify({ type: "MOVED", token, path, url, after, jitterMs });

/** Whether a client's message is a ping, with any spacing or field order. @param {string | ArrayBuffer} message */
export function isPing(message) {
  if (typeof message !== "string") return false;
  try {
    return JSON.parse(message)?.type === "ping";
  } catch {
    return false;
  }
}
