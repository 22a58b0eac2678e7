/** Messages other than prices, as they stand on the wire. */

/** The runtime answers exactly this text without waking the room. */
export const PING = JSON.stringify({ type: "ping" });
export const PONG = JSON.stringify({ type: "pong" });

/**
 * Tells a client that updates may be missing between two ids.
 * @typedef {object} Gap
 * @property {"GAP"} type
 * @property {string} after the last id known good
 * @property {string | null} until the first id that follows; null when none has yet
 */

/**
 * @param {string} after
 * @param {string | null} until
 * @returns {Gap}
 */
export const gap = (after, until) => ({ type: "GAP", after, until });

/**
 * @param {string} connectionId
 * @param {string} colo the data centre that the client reached
 */
export const connected = (connectionId, colo) => JSON.stringify({ type: "connected", connectionId, colo });

/**
 * Tells a client that its token is served elsewhere, there from now on and here no longer than the grace lasts.
 * @param {object} move
 * @param {string} move.token
 * @param {string} move.path
 * @param {string} move.url
 * @param {string | null} move.after the client's cursor; null if it has received nothing
 * @param {number} move.jitterMs the client waits a random part of it, so that not all come at once
 */
export const moved = ({ token, path, url, after, jitterMs }) => JSON.stringify({ type: "MOVED", token, path, url, after, jitterMs });

/** Whether a client's message is a ping, however it is spelled. @param {string | ArrayBuffer} message */
export function isPing(message) {
  if (typeof message !== "string") return false;
  try {
    return JSON.parse(message)?.type === "ping";
  } catch {
    return false;
  }
}
