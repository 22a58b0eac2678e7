/** The stack refuses, and would refuse again. */

/**
 * The stack's own errors that trying again does not mend. What a gateway or proxy answers has no such code. UNAUTHORIZED is one after
 * the app has been asked for another pass (pass.js).
 */
const FINAL_CODES = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS", "UNKNOWN_PATH", "FORBIDDEN_TOKEN", "UNAUTHORIZED"];

export class Refusal extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @param {string | undefined} code */
export const isFinal = (code) => FINAL_CODES.includes(code ?? "");
