/**
 * Tokens and update ids, with the same rules as in functions/glow/. Both are checked before they are used in a room's
 * name, a URL or a log.
 */

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const UPDATE_ID = /^\d{10}-\d{12}-[A-Za-z0-9]{1,16}$/;

/** @param {string} text */
export const isToken = (text) => TOKEN.test(text);

/** @param {unknown} value @returns {value is string} */
export const isUpdateId = (value) => typeof value === "string" && UPDATE_ID.test(value);

/**
 * An id serves as sort key, deduplication id and cursor. Ids sorted as text are sorted by time.
 * @param {number} timestamp Unix seconds, of at most 10 digits
 * @param {number} slot of at most 12 digits
 * @param {string} name the signature or a hash; it distinguishes updates of the same slot
 */
export function updateId(timestamp, slot, name) {
  const seconds = String(timestamp).padStart(10, "0");
  return `${seconds}-${String(slot).padStart(12, "0")}-${name.slice(0, 16)}`;
}

/**
 * The second and the slot that an id begins with. Sorted as text they are sorted by trade time. The rest of the id says
 * nothing of the order inside a slot.
 * @param {string} id
 */
export const placeOf = (id) => id.slice(0, 23);

/**
 * The first 64 bits of a text's SHA-256, in hex. That is enough to distinguish the posts of one second.
 * @param {string} text
 */
export async function hashOf(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
