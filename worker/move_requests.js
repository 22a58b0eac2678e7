/**
 * Parses and checks the bodies of POST /census and POST /moves. The mover (functions/) sends them: it moves tokens
 * between the AWS path and the edge, many at once.
 */

import { isWhole, parseJson } from "./body.js";
import { badRequest } from "./errors.js";
import { isToken } from "./ids.js";
import { LIMITS } from "./limits.js";

/**
 * The tokens move from the edge to AWS.
 * @typedef {object} MoveAway
 * @property {"aws"} path
 * @property {string} url where the clients connect next
 * @property {string} [liveUrl] where clients of many tokens connect next; movers of before lack it
 * @property {number} jitterMs each client moves after a random part of this
 * @property {number} closeAtMs Unix time at which the remaining clients are closed
 */

/**
 * The tokens move to the edge.
 * @typedef {object} MoveHere
 * @property {"edge"} path
 * @property {number} servedFromMs Unix time since which all publishers post to the edge
 */

/** @typedef {{tokens: string[]} & (MoveAway | MoveHere)} MoveRequest */

const EXPECTED = "post an object with tokens";
/** ASCII, and no fragment: a WebSocket URL must not have one (RFC 6455 §3). */
const URL_TEXT = /^wss?:\/\/[!"$-~]{1,2000}$/;
/** Unix time in milliseconds has 13 digits from 2001 to 2286. */
const MIN_TIME_MS = 1_000_000_000_000;
const MAX_TIME_MS = 9_999_999_999_999;

/** @param {string} body */
export function parseCensus(body) {
  return { tokens: tokensOf(parseObject(body)) };
}

/**
 * @param {string} body
 * @returns {MoveRequest}
 */
export function parseMove(body) {
  const posted = parseObject(body);
  const tokens = tokensOf(posted);
  const { path, url, liveUrl, jitterMs } = posted;
  if (path === "edge") return { tokens, path, servedFromMs: timeOf(posted, "servedFromMs") };
  if (path !== "aws") throw badRequest('path must be "aws" or "edge": where the tokens are served from now on');
  if (!isSocketUrl(url)) throw badRequest("url must be a ws:// or wss:// URL: where the clients are to go");
  if (liveUrl !== undefined && !isSocketUrl(liveUrl)) throw badRequest("liveUrl must be a ws:// or wss:// URL, or left out");
  if (!isWhole(jitterMs, LIMITS.jitterMs)) throw badRequest(`jitterMs must be a whole number from 0 to ${LIMITS.jitterMs}`);
  return { tokens, path, url, ...(liveUrl !== undefined && { liveUrl }), jitterMs, closeAtMs: timeOf(posted, "closeAtMs") };
}

/** @param {string} body @returns {Record<string, unknown>} */
function parseObject(body) {
  const posted = parseJson(body, EXPECTED);
  if (typeof posted !== "object" || posted === null || Array.isArray(posted)) throw badRequest(`the body must be an object; ${EXPECTED}`);
  return { ...posted };
}

/** @param {Record<string, unknown>} posted @returns {string[]} */
function tokensOf({ tokens }) {
  if (!Array.isArray(tokens) || tokens.length < 1 || tokens.length > LIMITS.movedTokens) {
    throw badRequest(`tokens must be a list of 1 to ${LIMITS.movedTokens} tokens`);
  }
  const known = new Set();
  for (const [index, token] of tokens.entries()) {
    if (typeof token !== "string" || !isToken(token)) throw badRequest(`tokens[${index}] must match ^[A-Za-z0-9_-]{1,64}$`);
    if (known.has(token)) throw badRequest(`tokens[${index}] must be named once: ${token} is in the list before`);
    known.add(token);
  }
  return tokens;
}

/** @param {unknown} value @returns {value is string} */
const isSocketUrl = (value) => typeof value === "string" && URL_TEXT.test(value) && URL.canParse(value);

/**
 * @param {Record<string, unknown>} posted
 * @param {"closeAtMs" | "servedFromMs"} field
 */
function timeOf(posted, field) {
  const value = posted[field];
  if (!isWhole(value, MAX_TIME_MS) || value < MIN_TIME_MS) throw badRequest(`${field} must be Unix time in whole milliseconds`);
  return value;
}
