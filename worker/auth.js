/** Bearer secrets, compared in constant time. */

import { Refusal } from "./errors.js";
import { logNowAndThen } from "./log.js";

/**
 * Refuses with 401 unless `authorization` carries one of `secrets`.
 * @param {string | null} authorization the request's header
 * @param {readonly string[]} secrets the current secret and, during a rotation, the previous one
 */
export async function requireBearer(authorization, secrets) {
  const [, presented] = /^Bearer (.+)$/i.exec(authorization ?? "") ?? [];
  const which = presented === undefined ? -1 : await placeAmong(presented, secrets);
  if (which === -1) {
    throw new Refusal("UNAUTHORIZED", "Authorization must be: Bearer <WEBHOOK_SECRET>", { "www-authenticate": "Bearer" });
  }
  // Whoever rotates the secret looks for this line: somebody still has to learn the new one.
  if (which > 0) logNowAndThen("previous_secret_accepted");
}

/**
 * Which of `secrets` is presented; -1: none.
 * @param {string} presented
 * @param {readonly string[]} secrets
 */
async function placeAmong(presented, secrets) {
  const actual = await digest(presented);
  const expected = await Promise.all(secrets.map(digest));
  // No early exit: the response time must not tell which secret matched, or how many of its bytes.
  return expected.map((each) => isSame(actual, each)).indexOf(true);
}

/**
 * Compares digests, so the time tells neither the length of the secret nor a prefix of it.
 * @param {Uint8Array} a
 * @param {Uint8Array} b of the same length
 */
function isSame(a, b) {
  return a.reduce((difference, byte, index) => difference | (byte ^ b[index]), 0) === 0;
}

/** @param {string} text */
async function digest(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
