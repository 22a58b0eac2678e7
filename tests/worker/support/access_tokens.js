/** Makes the access tokens of tests/contract/listeners.json, as tests/contract/access_tokens.py does. */

import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";

export const GOLDEN = JSON.parse(readFileSync(new URL("../../contract/listeners.json", import.meta.url), "utf8"));
/** @type {any[]} */
export const CASES = GOLDEN.cases;
/** @type {Record<string, string>} */
const SECRETS = GOLDEN.secrets;

/** Key pairs of this run, by algorithm and name. @type {Record<string, Record<string, import("node:crypto").KeyPairKeyObjectResult>>} */
const PAIRS = {
  RS256: { own: rsaPair(), other: rsaPair() },
  ES256: { own: p256Pair(), other: p256Pair() },
};

function rsaPair() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

function p256Pair() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** @param {string} algorithm */
const publicPem = (algorithm) => String(PAIRS[algorithm].own.publicKey.export({ type: "spki", format: "pem" }));

/** The Worker's variables where the stack verifies by `algorithm`. @param {string} [algorithm] @returns {Record<string, string>} */
export function variables(algorithm = "HS256") {
  const own = algorithm === "HS256"
    ? { LISTENER_SECRET: SECRETS.current, LISTENER_SECRET_PREVIOUS: SECRETS.previous }
    : { LISTENER_PUBLIC_KEY: publicPem(algorithm) };
  return { LISTENERS: "token", LISTENER_ALGORITHM: algorithm, ...own };
}

/**
 * The access token of a case.
 * @param {any} recipe
 * @param {number} now Unix seconds
 * @returns {string}
 */
export function made({ text, alg, by, key, header = {}, claims, payload, cut }, now) {
  if (text !== undefined) return text;
  const own = Object.entries(claims).map(([name, value]) => [name, typeof value === "object" && !Array.isArray(value) ? now + value.in : value]);
  const parts = [JSON.stringify({ typ: "JWT", ...header, ...(alg !== null && { alg }) }), payload ?? JSON.stringify(Object.fromEntries(own))];
  const signed = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
  return cut ? signed : `${signed}.${signatureOf(by, key, signed)}`;
}

/**
 * One that a stack with a secret admits, unless told otherwise.
 * @param {string[] | "*"} tokens
 * @param {object} [options]
 * @param {number} [options.endsIn] seconds
 * @param {string} [options.key]
 */
export const accessToken = (tokens, { endsIn = 60, key = "current" } = {}) =>
  made({ alg: "HS256", by: "hmac", key, claims: { exp: Math.floor(Date.now() / 1000) + endsIn, tokens } }, 0);

/** @param {string} by @param {string} key @param {string} signed */
function signatureOf(by, key, signed) {
  if (by === "hmac" || by === "hmac512") {
    const secret = key === "publicPem" ? publicPem("RS256") : SECRETS[key];
    return createHmac(by === "hmac" ? "sha256" : "sha512", secret).update(signed).digest("base64url");
  }
  if (by === "rsa") return sign("sha256", Buffer.from(signed), PAIRS.RS256[key].privateKey).toString("base64url");
  if (by === "ecdsa") return sign("sha256", Buffer.from(signed), { key: PAIRS.ES256[key].privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return "";
}
