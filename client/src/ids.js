/** Ids: `<second, 10 digits>-<slot, 12 digits>-<16 of the signature>`. Sorted as text they are sorted by time. Pure. */

/** @typedef {import("../glow.js").Update} Update */

/**
 * The second and the slot of an id. The rest says nothing of the order inside a slot: there the one that comes later is the
 * newer one.
 * @param {string} id
 */
export const placeOf = (id) => id.slice(0, 23);

/** Leaves updates of one slot as they came. @param {Update} a @param {Update} b */
export const byPlace = ({ id: a }, { id: b }) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0);

/** The first id of a second. @param {number} timestamp Unix seconds */
export const firstIdOf = (timestamp) => `${String(timestamp).padStart(10, "0")}-000000000000-0`;

/**
 * The smallest id `seconds` before that of `id`.
 * @param {string} id
 * @param {number} seconds
 */
export const idBefore = (id, seconds) => firstIdOf(Math.max(0, Number(id.slice(0, 10)) - seconds));
