/**
 * Measures what the client library spends on an update of a busy token, before and after its memory is full, and on a page of
 * a fill: `node bench/client.mjs`.
 */

import { Memory } from "../client/src/memory.js";

const UPDATES_PER_SECOND = 100;
const SAMPLE = 10_000;
const FULL_AFTER = 90_000; // updates; 15 minutes of them are remembered, at most 50,000
const PAGE = 1_000;
const PAGES = 20;

const memory = new Memory();
let count = 0;
let nowMs = 0;

/** Ids rise as those of trades do. */
function nextId() {
  count += 1;
  return `${1_700_000_000 + Math.floor(count / UPDATES_PER_SECOND)}-${String(count).padStart(12, "0")}-${String(count).padStart(16, "s")}`;
}

/** Takes updates as a channel does. @param {number} updates @returns {number} microseconds for each */
function live(updates) {
  return microsecondsEach(updates, (id) => {
    nowMs += 1_000 / UPDATES_PER_SECOND;
    memory.advance("edge", id);
    memory.admit(id, nowMs);
    memory.forgetOld(nowMs);
  });
}

/** @param {number} updates @param {(id: string) => void} take */
function microsecondsEach(updates, take) {
  const ids = Array.from({ length: updates }, nextId);
  const startedMs = performance.now();
  ids.forEach(take);
  return ((performance.now() - startedMs) * 1_000) / updates;
}

const empty = live(SAMPLE);
live(FULL_AFTER - SAMPLE);
const full = live(SAMPLE);
const filled = microsecondsEach(PAGE * PAGES, (id) => void memory.admit(id, nowMs));

console.log("| client library, Node | |\n|---|---|");
console.log(`| an update, memory empty | ${empty.toFixed(1)} µs |`);
console.log(`| an update, memory full | ${full.toFixed(1)} µs |`);
console.log(`| a page of ${PAGE} prices that fills a gap | ${((filled * PAGE) / 1_000).toFixed(1)} ms |`);
