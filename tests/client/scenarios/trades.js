/** The trades of a scenario: number n is that of second n; so many tokens were traded. */

/** @typedef {import("../../../client/glow.js").Update} Update */

export const START_SECONDS = 1_700_000_000;

/** @param {string} token @param {number} n @param {boolean} [hasDollars] @returns {Update} */
export function trade(token, n, hasDollars = false) {
  const timestamp = START_SECONDS + n;
  const txSignature = `s${String(n).padStart(15, "0")}`;
  return { type: "PRICE_UPDATE", token, price: 1 + n / 1000, ...(hasDollars && { priceUsd: 2 + n / 1000 }), amount: n, timestamp, slot: n, txSignature, id: `${timestamp}-${String(n).padStart(12, "0")}-${txSignature}` };
}

/** The number of a trade, or of the second with which an id begins. @param {string} id */
export const numberOf = (id) => Number(id.slice(0, 10)) - START_SECONDS;
