/**
 * What an access token says: which tokens its bearer may hear, and until when.
 *
 * functions/glow/listeners/claims.py reads the same; tests/contract/listeners.json holds both to it.
 */

import { Refusal } from "./errors.js";
import { isToken } from "./ids.js";
import { LIMITS } from "./limits.js";

/**
 * @typedef {object} Claims
 * @property {ReadonlySet<string> | null} tokens that may be heard; null: every one
 * @property {number} endsAtMs Unix time; Infinity: never
 */

/** Everybody's on an open stack. @type {Claims} */
export const EVERYTHING = Object.freeze({ tokens: null, endsAtMs: Infinity });

/**
 * Refuses a token that the claims do not list.
 * @param {Claims} claims
 * @param {string} token
 */
export function requireListed({ tokens }, token) {
  if (tokens === null || tokens.has(token)) return;
  throw new Refusal("FORBIDDEN_TOKEN", `the access token does not list ${token}: its claim \`tokens\` must name it, or be "*"`);
}

export const notAuthorized = () =>
  new Refusal("UNAUTHORIZED", 'this stack wants to know who listens: first send {"action":"authorize","token":<access token>}, and wait for AUTHORIZED');

export const expired = () => new Refusal("TOKEN_EXPIRED", "the access token has expired; get a fresh one from the app's back end");

/**
 * The claims in the payload of a token whose signature is good.
 * @param {Uint8Array} payload
 * @param {number} nowMs
 * @returns {Claims}
 */
export function parseClaims(payload, nowMs) {
  const claims = objectOf(payload);
  const now = nowMs / 1000;
  const exp = timeOf(claims, "exp");
  const notBefore = timeOf(claims, "nbf");
  if (exp === null) throw refusal("has no `exp`, the Unix time at which it ends");
  if (exp > now + LIMITS.accessLifeSeconds + LIMITS.clockSkewSeconds) throw refusal("has an `exp` that is more than 30 days ahead");
  if (exp <= now - LIMITS.clockSkewSeconds) throw expired();
  if (notBefore !== null && notBefore > now + LIMITS.clockSkewSeconds) throw refusal("has an `nbf` that is still to come");
  requireSubject(claims.sub);
  // One that has just ended is admitted, since its back end's clock may be behind. Then it lasts as long as that could be.
  // Any other ends when it says.
  const endsAt = Math.floor(exp) + (exp > now ? 0 : LIMITS.clockSkewSeconds);
  return { tokens: tokensOf(claims.tokens), endsAtMs: endsAt * 1000 };
}

/** @param {Uint8Array} payload @returns {Record<string, unknown>} */
function objectOf(payload) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(payload));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Refused below.
  }
  throw refusal("has a payload that is no JSON object");
}

/** @param {Record<string, unknown>} claims @param {string} name */
function timeOf(claims, name) {
  const value = claims[name] ?? null;
  if (value === null || typeof value === "number") return value;
  throw refusal(`has an \`${name}\` that is no number of Unix seconds`);
}

/** @param {unknown} value */
function tokensOf(value) {
  if (value === "*") return null;
  const isList = Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string" && isToken(entry));
  if (isList) return new Set(value);
  throw refusal('must have a claim `tokens`: a list of tokens as on the wire, or "*"');
}

/** @param {unknown} value */
function requireSubject(value) {
  const isAbsent = value === undefined || value === null;
  if (isAbsent || (typeof value === "string" && [...value].length <= LIMITS.subjectCharacters)) return;
  throw refusal(`has a \`sub\` that is no text of up to ${LIMITS.subjectCharacters} characters`);
}

/** @param {string} what */
const refusal = (what) => new Refusal("UNAUTHORIZED", `the access token ${what}`);
