/** What a client of many tokens may say, parsed. The AWS path reads the same commands (functions/glow/sockets/commands.py). */

import { parseJson } from "./body.js";
import { badRequest, Refusal } from "./errors.js";
import { isToken, isUpdateId } from "./ids.js";
import { LIMITS } from "./limits.js";

/**
 * A token to listen to. `after` asks for the replay instead of the newest price.
 * @typedef {object} Wanted
 * @property {string} token
 * @property {string | null} after
 * @property {"all" | "latest"} delivery
 */

/**
 * A command. One that lists tokens is answered with a list.
 * @typedef {{kind: "subscribe", wanted: Wanted[], isList: boolean}} Subscribe no token twice
 * @typedef {{kind: "unsubscribe", tokens: string[], isList: boolean}} Unsubscribe no token twice
 * @typedef {{kind: "authorize", accessToken: string}} Authorize
 * @typedef {Subscribe | Unsubscribe | Authorize | {kind: "ping"}} Command
 */

/** @typedef {Record<string, unknown>} Fields */

/**
 * Reads a message. Throws a Refusal that names the field and the remedy.
 * @param {string} message at most LIMITS.commandBytes
 * @returns {Command}
 */
export function parseCommand(message) {
  const fields = objectOf(parseJson(message, "send one command", "the message"), "the message");
  if (fields.type === "ping") return { kind: "ping" }; // as clients of a room say it
  switch (fields.action) {
    case "authorize":
      return { kind: "authorize", accessToken: accessTokenOf(fields) };
    case "subscribePrice":
      return { kind: "subscribe", ...subscriptionsOf(fields) };
    case "unsubscribePrice":
      return { kind: "unsubscribe", ...tokensOf(fields) };
    case "ping":
      return { kind: "ping" };
    default:
      throw new Refusal("UNKNOWN_ACTION", "action must be authorize, subscribePrice, unsubscribePrice or ping");
  }
}

/** @param {Fields} fields */
function accessTokenOf({ token }) {
  // Not shown: it might be one, wrapped in something else.
  if (typeof token !== "string") throw badRequest("token must be the access token of the app, a text");
  return token;
}

/** @param {Fields} fields */
function subscriptionsOf(fields) {
  if (!("subscriptions" in fields)) return { wanted: [wantedOf(fields, "")], isList: false };
  const entries = listOf(fields, "subscriptions");
  const wanted = entries.map((entry, index) => wantedOf(objectOf(entry, `subscriptions[${index}]`), `subscriptions[${index}].`));
  requireDistinct(wanted.map(({ token }) => token), "subscriptions");
  return { wanted, isList: true };
}

/** @param {Fields} fields */
function tokensOf(fields) {
  if (!("tokens" in fields)) return { tokens: [tokenOf(fields.token, "token")], isList: false };
  const tokens = listOf(fields, "tokens").map((entry, index) => tokenOf(entry, `tokens[${index}]`));
  requireDistinct(tokens, "tokens");
  return { tokens, isList: true };
}

/**
 * @param {Fields} fields
 * @param {string} where begins the names of the fields
 * @returns {Wanted}
 */
function wantedOf(fields, where) {
  const token = tokenOf(fields.token, `${where}token`);
  const { after = null, delivery = null } = fields;
  if (delivery !== null && delivery !== "latest") throw badRequest(`${where}delivery must be "latest", or left out for every update`);
  if (after !== null && !isUpdateId(after)) throw badRequest(`${where}after must be the id of an update, as PRICE_UPDATE carries it in id`);
  return { token, after, delivery: delivery === null ? "all" : delivery };
}

/** @param {unknown} value @param {string} where */
function tokenOf(value, where) {
  if (typeof value === "string" && isToken(value)) return value;
  throw badRequest(`${where} must be a mint or a token name of 1 to 64 letters, digits, '_' or '-'`);
}

/** @param {Fields} fields @param {string} name */
function listOf(fields, name) {
  if ("token" in fields) throw badRequest(`token and ${name} exclude one another; put the token into ${name}`);
  const entries = fields[name];
  if (!Array.isArray(entries)) throw badRequest(`${name} must be a JSON array`);
  if (entries.length < 1 || entries.length > LIMITS.clientTokens) {
    throw badRequest(`${name} must have 1 to ${LIMITS.clientTokens} entries; got ${entries.length}`);
  }
  return entries;
}

/** @param {readonly string[]} tokens @param {string} name */
function requireDistinct(tokens, name) {
  const known = new Set();
  for (const [index, token] of tokens.entries()) {
    if (known.has(token)) throw badRequest(`${name}[${index}] names ${token} again; name each token once`);
    known.add(token);
  }
}

/** @param {unknown} value @param {string} where @returns {Fields} */
function objectOf(value, where) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw badRequest(`${where} must be a JSON object`);
}
