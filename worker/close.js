/** Close codes that rooms and hubs send. Docs and clients follow this table. */

/**
 * @typedef {object} Close
 * @property {number} code
 * @property {string} reason at most 123 bytes (RFC 6455 §5.5)
 * @property {boolean} reconnect whether the client should connect again
 */

/** @satisfies {Readonly<Record<string, Close>>} */
export const CLOSE = Object.freeze({
  NORMAL: { code: 1000, reason: "", reconnect: false }, // answers the client's own close
  TOO_LARGE: { code: 1008, reason: "message too large", reconnect: false },
  TOO_MANY: { code: 1008, reason: "too many messages", reconnect: false },
  FAILED: { code: 1011, reason: "the connection failed", reconnect: true },
  TOKEN_EXPIRED: { code: 4001, reason: "no access token that is good now; connect with a fresh one", reconnect: true },
  SILENT: { code: 4007, reason: "no ping for 2 minutes", reconnect: true },
  TOO_SLOW: { code: 4008, reason: "reads too slowly; reconnect with after=<last id>", reconnect: true },
  MOVED: { code: 4009, reason: "served elsewhere now; ask /connect", reconnect: true },
  HUB_FULL: { code: 4013, reason: "this hub has too many tokens; connect again", reconnect: true },
});

/** Reserved codes. RFC 6455 §7.4.1 forbids sending them: 1005 and 1006, for example, say that no code was received. */
const RESERVED = new Set([1004, 1005, 1006, 1015]);

/** @param {number} code the code that the client sent */
export function closeCodeInReplyTo(code) {
  return RESERVED.has(code) ? CLOSE.NORMAL.code : code;
}
