/** Reads a request's body, up to a maximum size, and parses it as JSON. */

import { badRequest, Refusal } from "./errors.js";

/**
 * The body as text. Answers 413 as soon as more than `maxBytes` have arrived, whatever Content-Length says.
 * @param {Request} request
 * @param {number} maxBytes
 */
export async function readText(request, maxBytes) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let bytes = 0;
  let text = "";
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new Refusal("TOO_LARGE", `the body is larger than ${maxBytes} bytes; post less at once`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw badRequest("the body is not UTF-8 text");
    throw error;
  }
}

/**
 * @param {string} body
 * @param {string} expected tells the caller what to send
 * @param {string} [what] it is, for the message
 * @returns {unknown}
 */
export function parseJson(body, expected, what = "the body") {
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest(`${what} is not JSON; ${expected}`);
  }
}

/** @param {unknown} value @param {number} maximum @returns {value is number} */
export const isWhole = (value, maximum) => typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maximum;
