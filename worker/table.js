/** Reads the table of prices, through the stack's REST API. */

import { isToken } from "./ids.js";
import { LIMITS } from "./limits.js";
import { parseUpdate } from "./update.js";

/** @typedef {import("./update.js").Update} Update */

/**
 * The newest updates of a token in trade order, and whether the table has no others. Throws if the table cannot be read.
 * @param {string} token
 * @param {object} api
 * @param {string} api.restApiUrl "" if the stack has told none
 * @param {readonly string[]} api.secrets the current secret and, during a rotation, the previous one
 * @param {AbortSignal} signal
 * @returns {Promise<{updates: Update[], isAll: boolean}>}
 */
export async function readNewest(token, { restApiUrl, secrets }, signal) {
  if (restApiUrl === "" || !isToken(token)) throw new Error("there is no REST API to ask, or no token to ask for");
  const url = `${restApiUrl.replace(/\/$/, "")}/tokens/${token}/prices?last=${LIMITS.replayUpdates}`;
  for (const secret of secrets) {
    // A redirect could take the secret elsewhere.
    const response = await fetch(url, { headers: { authorization: `Bearer ${secret}` }, redirect: "manual", signal });
    if (response.status === 401) continue;
    if (!response.ok) throw new Error(`the REST API answered with HTTP ${response.status}`);
    /** @type {{prices: unknown[]}} */
    const { prices } = await response.json();
    const updates = await Promise.all(prices.map((price, index) => parseUpdate(price, token, `prices[${index}]`)));
    return { updates, isAll: updates.length < LIMITS.replayUpdates };
  }
  throw new Error("the REST API accepts none of the secrets");
}
