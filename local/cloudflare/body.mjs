/** Checks the bodies of requests. Unknown fields are refused: an emulator that accepts everything hides bugs. */

import { ApiError } from "./errors.mjs";

/**
 * @typedef {Record<string, any>} Body
 * @typedef {"text" | "number" | "boolean" | "list" | "object"} Kind
 */

/**
 * Returns the body if it has only known fields, each of the right kind, and all required ones. Throws ApiError otherwise.
 * @param {unknown} body
 * @param {Record<string, Kind>} known
 * @param {string[]} required
 * @param {string} [where] path within the request, ending with a dot
 * @returns {Body}
 */
export function read(body, known, required, where = "") {
  if (kindOf(body) !== "object") throw new ApiError("BAD_REQUEST", `${where || "the body"} must be a JSON object`);
  const fields = Object.entries(/** @type {Body} */ (body)).filter(([, value]) => value !== null);
  for (const [name, value] of fields) {
    if (!Object.hasOwn(known, name)) throw new ApiError("BAD_REQUEST", `the local cloud does not handle ${where}${name}`);
    if (kindOf(value) !== known[name]) {
      throw new ApiError("BAD_REQUEST", `${where}${name} must be a ${known[name]}, not ${kindOf(value)}`);
    }
  }
  const given = Object.fromEntries(fields);
  const missing = required.filter((name) => !(name in given));
  if (missing.length > 0) throw new ApiError("BAD_REQUEST", `missing: ${missing.map((name) => where + name).join(", ")}`);
  return given;
}

/**
 * @param {unknown} value
 * @returns {Kind | "nothing"}
 */
function kindOf(value) {
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
    case "boolean":
    case "object":
      return value === null ? "nothing" : /** @type {Kind} */ (typeof value);
    default:
      return "nothing";
  }
}
