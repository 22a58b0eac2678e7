/** Puts updates into WebSocket frames. */

import { LIMITS } from "./limits.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./messages.js").Gap} Gap */

/**
 * @typedef {object} Frame
 * @property {string} text
 * @property {string} after the cursor of a client that got all frames before this one
 */

const ENVELOPE_BYTES = batchText([], new Set(["x".repeat(64)])).length; // with the longest token

/**
 * The frames that carry `items`, in order. One update is sent as it is, several as a PRICE_BATCH.
 * @param {readonly (Update | Gap)[]} items
 * @param {string} after the id before the first item
 * @param {number} updatesPerFrame
 */
export function framesOf(items, after, updatesPerFrame = LIMITS.frameUpdates) {
  /** @type {Frame[]} */
  const frames = [];
  /** @type {string[]} */
  let batch = [];
  /** @type {Set<string>} */
  let tokens = new Set();
  let batchBytes = ENVELOPE_BYTES;
  let batchAfter = after;
  let last = after;

  const endFrame = () => {
    if (batch.length > 0) frames.push({ text: batch.length === 1 ? batch[0] : batchText(batch, tokens), after: batchAfter });
    [batch, tokens, batchBytes, batchAfter] = [[], new Set(), ENVELOPE_BYTES, last];
  };

  for (const item of items) {
    const text = JSON.stringify(item);
    if (item.type === "GAP") {
      endFrame();
      frames.push({ text, after: last });
      continue;
    }
    if (batch.length === updatesPerFrame || batchBytes + text.length + 1 > LIMITS.frameBytes) endFrame();
    batch.push(text);
    tokens.add(item.token);
    batchBytes += text.length + 1; // 1 for the comma
    last = item.id;
  }
  endFrame();
  return frames;
}

/**
 * It names the token if all updates are of one.
 * @param {readonly string[]} updates as JSON
 * @param {ReadonlySet<string>} tokens of the updates
 * @returns {string}
 */
function batchText(updates, tokens) {
  const token = tokens.size === 1 ? `"token":"${[...tokens][0]}",` : "";
  return `{"type":"PRICE_BATCH",${token}"updates":[${updates.join(",")}]}`;
}
