/** Parses and checks the updates that publishers post. Clients receive them in the same form. */

import { isWhole, parseJson } from "./body.js";
import { badRequest } from "./errors.js";
import { hashOf, isToken, isUpdateId, updateId } from "./ids.js";

/**
 * One price of one token; the message that clients receive.
 * @typedef {object} Update
 * @property {"PRICE_UPDATE"} type
 * @property {string} token
 * @property {number} price SOL per token
 * @property {number} timestamp Unix seconds
 * @property {number} [slot]
 * @property {string} [txSignature]
 * @property {string} id
 * @property {"buy" | "sell"} [side] what the trader did with the token
 * @property {number} [amount] tokens
 * @property {number} [amountSol] SOL
 * @property {number} [priceUsd] US dollars per token
 * @property {"jupiter" | "backfill"} [source] left out: a trade
 * @property {"usdc" | "usdt"} [via] what the trade was paid in, if not in SOL
 */

const MAX_TIMESTAMP = 9_999_999_999; // 10 digits, as the id holds them
const MAX_SLOT = 999_999_999_999; // 12 digits
const SOURCES = /** @type {const} */ (["amm", "jupiter", "backfill"]);
const STABLES = /** @type {const} */ (["usdc", "usdt"]);
const SIGNATURE = /^[A-Za-z0-9]{1,88}$/;

/**
 * The updates in a body of POST /broadcast: one update or an array.
 * @param {string} body
 * @param {string} token the token of the URL; one in the body is ignored
 */
export async function parseUpdates(body, token) {
  const posted = parseJson(body, "post one update or an array of updates");
  const items = Array.isArray(posted) ? posted : [posted];
  return Promise.all(items.map((item, index) => parseUpdate(item, token, Array.isArray(posted) ? `[${index}]` : "body")));
}

/**
 * One update. Throws a Refusal that names what is wrong.
 * @param {unknown} item
 * @param {string} token whose update it is
 * @param {string} where it stands, for the message
 * @returns {Promise<Update>}
 */
export async function parseUpdate(item, token, where) {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    throw badRequest(`${where} must be an object with price and timestamp`);
  }
  /** @type {Record<string, unknown>} */
  const { type, price, timestamp, slot, txSignature, id, side, amount, amountSol, priceUsd, source, via, token: postedToken } = { ...item };
  if (!isAbsent(type) && type !== "PRICE_UPDATE") throw badRequest(`${where}.type must be PRICE_UPDATE, or left out`);
  if (!isAbsent(postedToken) && !(typeof postedToken === "string" && isToken(postedToken))) {
    throw badRequest(`${where}.token must be a token, or left out: the path's counts`);
  }
  if (!isAmount(price)) {
    throw badRequest(`${where}.price must be a number above zero (SOL per token)`);
  }
  if (!isWhole(timestamp, MAX_TIMESTAMP)) {
    throw badRequest(`${where}.timestamp must be Unix time in whole seconds (not milliseconds)`);
  }
  if (!isAbsent(slot) && !isWhole(slot, MAX_SLOT)) {
    throw badRequest(`${where}.slot must be a whole number from 0 to ${MAX_SLOT}`);
  }
  if (!isAbsent(txSignature) && !isSignature(txSignature)) {
    throw badRequest(`${where}.txSignature must match ${SIGNATURE.source}`);
  }
  if (!isAbsent(side) && !isSide(side)) throw badRequest(`${where}.side must be buy or sell, or left out`);
  for (const [name, value] of Object.entries({ amount, amountSol, priceUsd })) {
    if (!isAbsent(value) && !isAmount(value)) throw badRequest(`${where}.${name} must be a number above zero, or left out`);
  }
  if (!isAbsent(source) && !isOneOf(SOURCES, source)) throw badRequest(`${where}.source must be ${SOURCES.join(" or ")}, or left out`);
  if (!isAbsent(via) && !isOneOf(STABLES, via)) throw badRequest(`${where}.via must be ${STABLES.join(" or ")}, or left out`);
  if (!isAbsent(id) && !isUpdateId(id)) {
    throw badRequest(`${where}.id must be <10 digits>-<12 digits>-<up to 16 letters and digits>; leave it out to have one made`);
  }
  if (isUpdateId(id) && isWhole(slot, MAX_SLOT) && isSignature(txSignature) && id !== updateId(timestamp, slot, txSignature)) {
    throw badRequest(`${where}.id must be ${updateId(timestamp, slot, txSignature)}, made of timestamp, slot and txSignature`);
  }
  return {
    type: "PRICE_UPDATE",
    token,
    price,
    timestamp,
    ...(isWhole(slot, MAX_SLOT) && { slot }),
    ...(isSignature(txSignature) && { txSignature }),
    ...(isSide(side) && { side }),
    ...(isAmount(amount) && { amount }),
    ...(isAmount(amountSol) && { amountSol }),
    ...(isAmount(priceUsd) && { priceUsd }),
    ...(isOneOf(SOURCES, source) && source !== "amm" && { source }),
    ...(isOneOf(STABLES, via) && { via }),
    // A missing id is made from the body, so that a retry of the same post gets the same id.
    id: isUpdateId(id) ? id : updateId(timestamp, isWhole(slot, MAX_SLOT) ? slot : 0, await hashOf(JSON.stringify(item))),
  };
}

/** @param {unknown} value */
const isAbsent = (value) => value === undefined || value === null;

/** @param {unknown} value @returns {value is number} */
const isAmount = (value) => typeof value === "number" && value > 0 && value <= Number.MAX_VALUE;

/** @param {unknown} value @returns {value is "buy" | "sell"} */
const isSide = (value) => value === "buy" || value === "sell";

/**
 * @template {string} T
 * @param {readonly T[]} texts
 * @param {unknown} value
 * @returns {value is T}
 */
const isOneOf = (texts, value) => texts.some((text) => text === value);

/** @param {unknown} value @returns {value is string} */
const isSignature = (value) => typeof value === "string" && SIGNATURE.test(value);
