/** Error codes and their HTTP status, the same on AWS and on the edge (tests/contract/webhook.json). */
const STATUS = Object.freeze({
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  FORBIDDEN_TOKEN: 403,
  UNKNOWN_PATH: 404,
  UNKNOWN_TOKEN: 404,
  WRONG_METHOD: 405,
  TOO_LARGE: 413,
  UPGRADE_REQUIRED: 426,
  TOO_MANY_CONNECTS: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
});

/** Those that are said on sockets only. */
const SAID = Object.freeze({ UNKNOWN_ACTION: 400, TOO_MANY_TOKENS: 400 });

/** A request or a command that is refused: an error code, a message for the caller (never a secret), and headers. */
export class Refusal extends Error {
  /**
   * @param {keyof typeof STATUS | keyof typeof SAID} code
   * @param {string} message what is wrong and where
   * @param {Record<string, string>} [headers]
   */
  constructor(code, message, headers = {}) {
    super(message);
    this.code = code;
    this.status = { ...STATUS, ...SAID }[code];
    this.headers = headers;
  }
}

/** @param {string} message */
export const badRequest = (message) => new Refusal("BAD_REQUEST", message);
