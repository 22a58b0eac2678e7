/** Updates as the room receives them. */

/** @param {number} n @param {Partial<import("../../../worker/update.js").Update>} [changes] */
export function anUpdate(n, changes = {}) {
  return {
    type: /** @type {const} */ ("PRICE_UPDATE"),
    token: "SOL",
    price: n,
    timestamp: 1_700_000_000 + n,
    id: idOf(n),
    ...changes,
  };
}

/** @param {number} n */
export const idOf = (n) => `${1_700_000_000 + n}-000000000000-a`;

/** @param {number} from @param {number} to not included */
export const updatesFrom = (from, to) => Array.from({ length: to - from }, (_, index) => anUpdate(from + index));
