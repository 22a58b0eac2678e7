import assert from "node:assert/strict";
import test from "node:test";

import { framesOf } from "../../../worker/frames.js";
import { LIMITS } from "../../../worker/limits.js";
import { gap } from "../../../worker/messages.js";
import { anUpdate, idOf, updatesFrom } from "./support.js";

/** @param {import("../../../worker/frames.js").Frame[]} frames @returns {any[]} */
const messages = (frames) => frames.map(({ text }) => JSON.parse(text));

test("a lone update is one object", () => {
  assert.deepEqual(framesOf([anUpdate(1)], idOf(0)), [{ text: JSON.stringify(anUpdate(1)), after: idOf(0) }]);
});

test("several updates are one batch", () => {
  const [frame] = framesOf(updatesFrom(1, 3), idOf(0));
  assert.deepEqual(JSON.parse(frame.text), { type: "PRICE_BATCH", token: "SOL", updates: updatesFrom(1, 3) });
});

test("a frame holds at most 100 updates", () => {
  assert.deepEqual(messages(framesOf(updatesFrom(0, 201), "")).map(({ updates }) => updates?.length), [100, 100, undefined]);
});

test("a frame holds at most 32 KB, with the longest token too", () => {
  const long = { token: "t".repeat(64), txSignature: "s".repeat(200) };
  const frames = framesOf(updatesFrom(0, 300).map((update) => ({ ...update, ...long })), "");
  assert.ok(frames.every(({ text }) => text.length <= LIMITS.frameBytes), `${frames.map(({ text }) => text.length)}`);
  assert.ok(frames[0].text.length > LIMITS.frameBytes - 512);
  assert.equal(messages(frames).flatMap(({ updates }) => updates).length, 300);
});

test("every frame names the cursor of a client that did not get it", () => {
  const frames = framesOf([...updatesFrom(1, 102), gap("SOL", idOf(101), idOf(200)), ...updatesFrom(200, 202)], idOf(0));
  assert.deepEqual(frames.map(({ after }) => after), [idOf(0), idOf(100), idOf(101), idOf(101)]);
  assert.deepEqual(messages(frames).map(({ type }) => type), ["PRICE_BATCH", "PRICE_UPDATE", "GAP", "PRICE_BATCH"]);
});

test("without a window each update stands alone", () => {
  assert.deepEqual(messages(framesOf(updatesFrom(0, 3), "", 1)), updatesFrom(0, 3));
});
