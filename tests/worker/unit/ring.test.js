import assert from "node:assert/strict";
import test from "node:test";

import { Ring } from "../../../worker/ring.js";
import { anUpdate, idOf, updatesFrom } from "./support.js";

/** @param {readonly import("../../../worker/update.js").Update[]} updates */
const arrivals = (updates) => updates.map((update) => ({ update, isHealed: false }));

/** @param {string} after @param {string | null} until @returns {import("../../../worker/ring.js").Hole} */
const hole = (after, until) => ({ type: "GAP", after, until });

/** @param {import("../../../worker/update.js").Update[]} updates */
function ringWith(updates) {
  const ring = new Ring({ epoch: 1 });
  ring.append(arrivals(updates));
  return ring;
}

/** @param {import("../../../worker/update.js").Update[]} updates saved before an unclean wake */
const ringAfterUncleanWake = (updates) =>
  new Ring({ epoch: 2, entries: updates.map((update) => ({ epoch: 1, update, isHealed: false })), newest: updates.at(-1) });

test("a known cursor gets everything that arrived after it, and no gap", () => {
  assert.deepEqual(ringWith(updatesFrom(0, 4)).since(idOf(1)), updatesFrom(2, 4));
});

test("the last id gets nothing", () => {
  assert.deepEqual(ringWith(updatesFrom(0, 4)).since(idOf(3)), []);
});

test("a late trade is replayed in order of arrival", () => {
  const late = anUpdate(1);
  assert.deepEqual(ringWith([anUpdate(5), late]).since(idOf(5)), [late]);
});

test("a late trade does not replace the newest", () => {
  assert.deepEqual(ringWith([anUpdate(5), anUpdate(1)]).newest, anUpdate(5));
});

test("the newest outlives the ring", () => {
  const late = Array.from({ length: 600 }, (_, n) => anUpdate(n));
  assert.deepEqual(ringWith([anUpdate(9_000), ...late]).newest, anUpdate(9_000));
});

test("500 missed updates are replayed, 501 are a gap", () => {
  const ring = ringWith(updatesFrom(0, 600));
  assert.deepEqual(ring.since(idOf(99)), updatesFrom(100, 600));
  assert.deepEqual(ring.since(idOf(98)), [hole(idOf(98), idOf(100)), ...updatesFrom(100, 600)]);
});

test("an empty ring answers any cursor with a gap", () => {
  assert.deepEqual(new Ring({ epoch: 0 }).since(idOf(3)), [hole(idOf(3), null)]);
});

test("a cursor from elsewhere, ahead of the ring, is a gap and gets no older update", () => {
  assert.deepEqual(ringWith(updatesFrom(0, 5)).since(idOf(7)), [hole(idOf(7), null)]);
});

test("an unclean wake is a gap after what is continuous", () => {
  const ring = ringAfterUncleanWake(updatesFrom(0, 3));
  assert.deepEqual(ring.since(idOf(0)), [anUpdate(1), anUpdate(2), hole(idOf(2), null)]);
  ring.append(arrivals([anUpdate(9)]));
  assert.deepEqual(ring.since(idOf(0)), [anUpdate(1), anUpdate(2), hole(idOf(2), idOf(9)), anUpdate(9)]);
  assert.deepEqual(ring.since(idOf(9)), []);
});

test("an epoch that ends is a gap between what was there and what comes", () => {
  const ring = ringWith(updatesFrom(0, 3));
  ring.endEpoch();
  assert.deepEqual(ring.since(idOf(2)), [hole(idOf(2), null)]);
  ring.append(arrivals(updatesFrom(7, 9)));
  assert.deepEqual(ring.since(idOf(1)), [anUpdate(2), hole(idOf(2), idOf(7)), anUpdate(7), anUpdate(8)]);
  assert.deepEqual(ring.since(idOf(7)), [anUpdate(8)]);
});

test("latest gets the newest only, and nothing when it has it", () => {
  const ring = ringWith(updatesFrom(0, 5));
  assert.deepEqual(ring.newestSince(idOf(1)), [anUpdate(4)]);
  assert.deepEqual(ring.newestSince(idOf(4)), []);
});

test("latest gets the newest of the slot of its cursor, too, whatever the signatures", () => {
  const [first, last] = ["zzz", "aaa"].map((name) => anUpdate(1, { id: `${1_700_000_001}-000000000000-${name}` }));
  const ring = ringWith([first, last]);
  assert.deepEqual(ring.newestSince(first.id), [last]);
  assert.deepEqual(ring.newestSince(last.id), []);
});

test("latest hears a gap when something newer may be missing", () => {
  assert.deepEqual(new Ring({ epoch: 0 }).newestSince(idOf(1)), [hole(idOf(1), null)]);
  assert.deepEqual(ringWith(updatesFrom(0, 5)).newestSince(idOf(8)), [hole(idOf(8), null)]);
  assert.deepEqual(ringAfterUncleanWake(updatesFrom(0, 3)).newestSince(idOf(0)), [anUpdate(2), hole(idOf(2), null)]);
});
