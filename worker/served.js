/** Which tokens this stack serves. */

import { badRequest, Refusal } from "./errors.js";
import { isToken } from "./ids.js";

/** Reserved for `ops verify`; functions/glow/token.py says more. */
export const PROBE_TOKEN = "glow-verify";

/**
 * Throws a Refusal for a token that is none, or that the stack does not stream.
 * @param {string} token
 * @param {Pick<import("./settings.js").Settings, "tokens" | "symbols">} settings
 */
export function requireServed(token, { tokens, symbols }) {
  if (!isToken(token)) throw badRequest("the token must match ^[A-Za-z0-9_-]{1,64}$");
  if (tokens.length === 0 || tokens.includes(token) || token === PROBE_TOKEN) return;
  const meant = symbols.get(token);
  const what = meant === undefined ? "is not streamed by this stack; add it to glow:tokens or use one of those" : `is a symbol; on the wire it is ${meant}`;
  throw new Refusal("UNKNOWN_TOKEN", `token ${token} ${what}`);
}
