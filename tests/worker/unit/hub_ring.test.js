import assert from "node:assert/strict";
import test from "node:test";

import { Fifo } from "../../../worker/fifo.js";
import { HubRing } from "../../../worker/hub_ring.js";
import { LIMITS } from "../../../worker/limits.js";
import { anUpdate, idOf } from "./support.js";

/** The nth update as a hub gets it. @param {number} n @param {string} [token] @param {string} [text] */
const item = (n, token = "SOL", text = JSON.stringify(anUpdate(n, { token }))) => ({ token, text, kind: /** @type {const} */ ("update"), isAlone: false, id: idOf(n) });
const gap = { token: "SOL", text: "{}", kind: /** @type {const} */ ("gap"), isAlone: true, id: null };
const move = { ...gap, kind: /** @type {const} */ ("moved") };
/** @param {readonly {id: string | null}[] | null} entries */
const ids = (entries) => entries && entries.map(({ id }) => id);
const isAny = () => true;

/** @param {string | null} [after] @param {string[]} [tokens] */
function aRing(after = null, tokens = ["SOL"]) {
  const ring = new HubRing();
  for (const token of tokens) ring.begin(token, after);
  return ring;
}

test("numbers go over all tokens, ids are those of one", () => {
  const ring = aRing(null, ["SOL", "BTC"]);
  const entries = ring.append([item(1), item(1, "BTC"), item(2)]);
  assert.deepEqual(entries.map(({ number, token }) => [number, token]), [[1, "SOL"], [2, "BTC"], [3, "SOL"]]);
  assert.deepEqual(ids(ring.since("SOL", idOf(1))), [idOf(2)]);
});

test("what a token has had is not appended again, nor what nobody follows", () => {
  const ring = aRing(idOf(0));
  assert.equal(ring.append([item(0), item(1), item(1), item(1, "BTC")]).length, 1);
  assert.equal(ring.append([item(1)]).length, 0);
});

test("a cursor is answered if it is where the token began or came since, a GAP stays in its place", () => {
  const ring = aRing(idOf(0));
  ring.append([item(1), gap, item(2), move]);
  assert.deepEqual(ids(ring.since("SOL", idOf(0))), [idOf(1), null, idOf(2)]);
  assert.deepEqual(ids(ring.since("SOL", idOf(1))), [null, idOf(2)]);
  assert.deepEqual(ids(ring.since("SOL", idOf(2))), [], "nobody who comes later is told of the move");
  assert.equal(ring.since("SOL", idOf(7)), null);
  assert.equal(ring.since("BTC", idOf(0)), null);
});

test("what came before a room said that it was not in order answers no cursor, the last one but", () => {
  const ring = aRing(idOf(0));
  ring.append([item(1), item(2)]);
  ring.note("SOL", { type: "ROOM", newest: null, isCurrent: true, isOrdered: false });
  assert.deepEqual([idOf(0), idOf(1)].map((id) => ring.since("SOL", id)), [null, null]);
  ring.append([item(3)]);
  assert.deepEqual(ids(ring.since("SOL", idOf(2))), [idOf(3)]);
  assert.equal(ring.append([item(1)]).length, 0, "it is known all the same");
});

test("the newest is that of the highest slot, and current until something may have been missed", () => {
  const ring = aRing();
  ring.append([item(2), item(1)]);
  assert.deepEqual([ring.newest("SOL")?.id, ring.isCurrent("SOL"), ring.lastId("SOL")], [idOf(2), true, idOf(1)]);
  ring.append([gap]);
  assert.equal(ring.isCurrent("SOL"), false);
  ring.append([item(3)]);
  assert.deepEqual([ring.newest("SOL")?.id, ring.isCurrent("SOL")], [idOf(3), true]);
});

test("a room's own newest counts where the hub has none, and its cursor", () => {
  const ring = aRing();
  ring.note("SOL", { type: "ROOM", newest: anUpdate(5), isCurrent: true, isOrdered: true });
  assert.deepEqual([ring.newest("SOL")?.text, ring.lastId("SOL")], [JSON.stringify(anUpdate(5)), idOf(5)]);
  ring.note("SOL", { type: "ROOM", newest: null, isCurrent: false, isOrdered: true });
  assert.deepEqual([ring.newest("SOL")?.id, ring.isCurrent("SOL")], [idOf(5), false]);
});

test("of all entries after a number one gets those that one wants, some at a time", () => {
  const ring = aRing(null, ["SOL", "BTC"]);
  for (let n = 1; n <= 6; n += 1) ring.append([item(n, n % 2 === 0 ? "BTC" : "SOL")]);
  const isSol = (/** @type {{token: string}} */ { token }) => token === "SOL";
  const first = ring.after(0, isSol, 2);
  assert.deepEqual([ids(first.entries), first.reached], [[idOf(1), idOf(3)], 4]);
  const rest = ring.after(first.reached, isSol, 2);
  assert.deepEqual([ids(rest.entries), rest.reached], [[idOf(5)], 6]);
});

test("the oldest leave when the ring is full; the last that left is where a token begins", () => {
  const ring = aRing(idOf(0));
  const text = "x".repeat(LIMITS.hubRingBytes / 4);
  for (let n = 1; n <= 6; n += 1) ring.append([item(n, "SOL", text)]);
  assert.deepEqual(ids(ring.after(0, isAny, 99).entries), [3, 4, 5, 6].map(idOf));
  assert.deepEqual(ids(ring.since("SOL", idOf(2))), [3, 4, 5, 6].map(idOf));
  assert.equal(ring.since("SOL", idOf(1)), null);
  assert.deepEqual(ring.lossAfter("SOL", 1), { hasLost: true, until: idOf(3) });
  assert.deepEqual(ring.lossAfter("SOL", 2), { hasLost: false, until: null });
});

test("a token that was dropped and is followed again begins anew, and its old entries leave as they came", () => {
  const ring = aRing(idOf(0));
  const text = "x".repeat(LIMITS.hubRingBytes / 2);
  ring.append([item(1, "SOL", text)]);
  ring.drop("SOL");
  ring.begin("SOL", idOf(4));
  ring.append([item(5, "SOL", text), item(6, "SOL", text)]);
  assert.deepEqual(ids(ring.since("SOL", idOf(4))), [idOf(5), idOf(6)]);
  assert.deepEqual(ring.lossAfter("SOL", 0), { hasLost: false, until: null });
});

test("a list of first in, first out keeps its order over many turns", () => {
  /** @type {Fifo<number>} */
  const fifo = new Fifo();
  let [put, taken] = [0, 0];
  for (let turn = 0; turn < 2_000; turn += 1) {
    for (let n = turn % 7; n > 0; n -= 1) fifo.push(put++);
    for (let n = turn % 5; n > 0 && taken < put; n -= 1) assert.equal(fifo.shift(), taken++);
    assert.deepEqual([fifo.length, fifo.at(0)], [put - taken, taken < put ? taken : undefined]);
  }
  assert.deepEqual(fifo.from(1), Array.from({ length: put - taken - 1 }, (_, n) => taken + 1 + n));
  while (fifo.shift() !== undefined);
  assert.equal(fifo.shift(), undefined);
});
