/** Verifies access tokens (JWT): the signature by jose, the claims by claims.js. */

import { EVERYTHING, parseClaims } from "./claims.js";
import { Refusal } from "./errors.js";
import { compactVerify, importSPKI } from "./jose.js";
import { LIMITS } from "./limits.js";
import { logNowAndThen } from "./log.js";

/** @typedef {import("./claims.js").Claims} Claims */

/**
 * How access tokens are verified. The algorithm comes from here, never from a token: one that names its own could ask for
 * `none`, or for HS256 with the public key, which everybody has, as its secret.
 * @typedef {object} Listeners
 * @property {"HS256" | "RS256" | "ES256"} algorithm
 * @property {readonly string[]} keys the current secret and, during a rotation, the previous one; or a public key in PEM
 */

/** Keys ready for use, by their texts. An isolate knows those of one version of the Worker. @type {Map<string, Promise<CryptoKey | Uint8Array>>} */
const READY = new Map();

/**
 * What the bearer of `accessToken` may hear. Throws a Refusal.
 * @param {string | null} accessToken null if the client has shown none
 * @param {Listeners | null} listeners null: everybody may listen
 * @param {number} nowMs
 * @returns {Promise<Claims>}
 */
export async function verifyListener(accessToken, listeners, nowMs) {
  if (listeners === null) return EVERYTHING;
  if (accessToken === null) throw new Refusal("UNAUTHORIZED", "this stack wants to know who listens: show an access token of the app's back end");
  if (accessToken.length > LIMITS.accessTokenBytes) {
    throw new Refusal("UNAUTHORIZED", `the access token is over ${LIMITS.accessTokenBytes} bytes; list fewer tokens`);
  }
  const { payload, place } = await payloadOf(accessToken, listeners);
  const claims = parseClaims(payload, nowMs);
  // Whoever rotates the secret looks for this line: the back end still has to learn the new one, or a token of before to end.
  if (place > 0) logNowAndThen("previous_listener_secret_accepted");
  return claims;
}

/** What it carries, and which of the keys has signed it. @param {string} accessToken @param {Listeners} listeners */
async function payloadOf(accessToken, { algorithm, keys }) {
  for (const [place, text] of keys.entries()) {
    const key = await readyKey(algorithm, text);
    try {
      const { payload } = await compactVerify(accessToken, key, { algorithms: [algorithm] });
      return { payload, place };
    } catch {
      // The previous secret may fit.
    }
  }
  // The library's own words may hold a part of the token.
  throw new Refusal("UNAUTHORIZED", `the access token is no JWT that this stack's key has signed by ${algorithm}`);
}

/** @param {Listeners["algorithm"]} algorithm @param {string} text */
function readyKey(algorithm, text) {
  const ready = READY.get(text) ?? keyOf(algorithm, text);
  READY.set(text, ready);
  return ready;
}

/** @param {Listeners["algorithm"]} algorithm @param {string} text @returns {Promise<CryptoKey | Uint8Array>} */
async function keyOf(algorithm, text) {
  return algorithm === "HS256" ? new TextEncoder().encode(text) : importSPKI(text, algorithm);
}
