/** Puts updates into WebSocket frames. */

import { LIMITS } from "./limits.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./messages.js").Gap} Gap */

/**
 * What a frame carries.
 * @typedef {object} Item
 * @property {string} token
 * @property {string} text as JSON
 * @property {boolean} isAlone it is no update, and so is in no batch
 */

/**
 * @template Cursor
 * @typedef {object} Frame
 * @property {string} text
 * @property {Cursor} after the cursor of a client that got all frames before this one
 */

const LONGEST_TOKEN = "x".repeat(64);
const ENVELOPE_BYTES = batchText([], LONGEST_TOKEN).length;

/**
 * The frames that carry `items`, in order. One update is sent as it is, several as a PRICE_BATCH.
 * @param {readonly (Update | Gap)[]} items
 * @param {string} after the id before the first item
 * @param {number} [updatesPerFrame]
 * @returns {Frame<string>[]}
 */
export function framesOf(items, after, updatesPerFrame) {
  let last = after;
  const texts = items.map((item) => {
    const before = last;
    if (item.type !== "GAP") last = item.id;
    return { token: item.token, text: JSON.stringify(item), isAlone: item.type === "GAP", before };
  });
  return packed(texts, updatesPerFrame).map(({ text, first }) => ({ text, after: first.before }));
}

/**
 * The same for items that are texts already. A frame names its first item.
 * @template {Item} Text
 * @param {readonly Text[]} items
 * @param {number} [updatesPerFrame]
 */
export function packed(items, updatesPerFrame = LIMITS.frameUpdates) {
  /** @type {{text: string, first: Text}[]} */
  const frames = [];
  /** @type {Text[]} */
  let batch = [];
  let batchBytes = ENVELOPE_BYTES;

  const endFrame = () => {
    if (batch.length === 0) return;
    frames.push({ text: batch.length === 1 ? batch[0].text : batchText(batch.map(({ text }) => text), commonToken(batch)), first: batch[0] });
    [batch, batchBytes] = [[], ENVELOPE_BYTES];
  };

  for (const item of items) {
    const bytes = item.text.length + 1; // 1 for the comma
    if (item.isAlone || batch.length === updatesPerFrame || batchBytes + bytes > LIMITS.frameBytes) endFrame();
    batch.push(item);
    batchBytes += bytes;
    if (item.isAlone) endFrame();
  }
  endFrame();
  return frames;
}

/** The token that all items are of; null if they are of several. @param {readonly Item[]} items */
function commonToken(items) {
  const [{ token }] = items;
  return items.every((item) => item.token === token) ? token : null;
}

/**
 * @param {readonly string[]} updates as JSON
 * @param {string | null} token
 */
function batchText(updates, token) {
  const named = token === null ? "" : `"token":"${token}",`;
  return `{"type":"PRICE_BATCH",${named}"updates":[${updates.join(",")}]}`;
}
