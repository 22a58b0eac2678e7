/** Writes events as lines of JSON; Workers Logs indexes their fields. Lines are billed, so ordinary ones are sampled. */

const SAY_AGAIN_MS = 60_000;

let sampling = 1;

/** Of each isolate. @type {Map<string, number>} */
const saidAtMs = new Map();

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
 * An event that an operator waits for, however few the others are that are written: once a minute at most.
 * @param {string} event snake_case
 */
export function logNowAndThen(event) {
  const now = Date.now();
  if (now - (saidAtMs.get(event) ?? 0) < SAY_AGAIN_MS) return;
  saidAtMs.set(event, now);
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
