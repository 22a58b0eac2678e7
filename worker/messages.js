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
