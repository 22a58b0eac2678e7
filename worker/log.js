/** Writes events as lines of JSON; Workers Logs indexes their fields. Lines are billed, so ordinary ones are sampled. */

let sampling = 1;

/** @param {number} share of the ordinary events that are written, from 0 to 1 */
export function sampleLog(share) {
  sampling = share;
}

/**
 * An ordinary event.
 * @param {string} event snake_case
 * @param {Record<string, string | number | boolean>} [fields] never a secret
 */
export function log(event, fields = {}) {
  if (Math.random() < sampling) console.log(JSON.stringify({ event, ...fields }));
}

/**
 * An event that an operator waits for, and that is rare; always written.
 * @param {string} event snake_case
 */
export function logAlways(event) {
  console.log(JSON.stringify({ event }));
}

/**
 * An error of ours, or of the platform; always written.
 * @param {string} event snake_case
 * @param {unknown} error
 */
export function logError(event, error) {
  console.error(JSON.stringify({ event, level: "error", error: String(error), stack: error instanceof Error ? (error.stack ?? "") : "" }));
}
