/**
 * The errors that the API answers, with Cloudflare's codes (facts/cloudflare.md §3; those of zones are from its
 * public API). Only the code of BAD_REQUEST is our own: it stands for malformed requests and for what is not
 * emulated.
 * @type {Readonly<Record<ErrorName, {status: number, code: number}>>}
 *
 * @typedef {"WRONG_TOKEN" | "NOT_YOURS" | "NO_ENDPOINT" | "BAD_REQUEST" | "NOT_FOUND" | "UNKNOWN_WORKER" |
 *   "UNKNOWN_SCRIPT" | "UNKNOWN_RECORD" | "DOES_NOT_START" | "NOT_A_DURABLE_OBJECT" | "CLASS_NOT_EXPORTED" |
 *   "CLASS_NOT_PROVISIONED" | "EXPORTS_DISAGREE" | "ZONE_NOT_FOUND" | "STILL_REFERENCED" | "ROUTE_TAKEN" |
 *   "HOST_HAS_RECORD" | "HOST_IS_DOMAIN" | "INTERNAL"} ErrorName
 */
export const ERRORS = Object.freeze({
  WRONG_TOKEN: { status: 403, code: 10000 },
  NOT_YOURS: { status: 403, code: 9109 },
  NO_ENDPOINT: { status: 404, code: 7003 },
  BAD_REQUEST: { status: 400, code: 400 },
  NOT_FOUND: { status: 404, code: 10009 },
  UNKNOWN_SCRIPT: { status: 404, code: 10007 },
  UNKNOWN_WORKER: { status: 404, code: 10090 },
  UNKNOWN_RECORD: { status: 404, code: 81044 },
  DOES_NOT_START: { status: 400, code: 10021 },
  NOT_A_DURABLE_OBJECT: { status: 400, code: 10061 },
  CLASS_NOT_EXPORTED: { status: 400, code: 10070 },
  CLASS_NOT_PROVISIONED: { status: 400, code: 100406 },
  EXPORTS_DISAGREE: { status: 400, code: 100402 },
  ZONE_NOT_FOUND: { status: 400, code: 10083 },
  STILL_REFERENCED: { status: 400, code: 10142 },
  ROUTE_TAKEN: { status: 400, code: 10020 },
  HOST_HAS_RECORD: { status: 409, code: 100117 },
  HOST_IS_DOMAIN: { status: 400, code: 81053 },
  INTERNAL: { status: 500, code: 10013 },
});

/** A refused request. */
export class ApiError extends Error {
  /**
   * @param {ErrorName} name
   * @param {string} message what is wrong, where, and the remedy; never a secret
   * @param {object} [meta] details that a program can read
   */
  constructor(name, message, meta) {
    super(message);
    this.status = ERRORS[name].status;
    this.code = ERRORS[name].code;
    this.meta = meta;
  }
}
