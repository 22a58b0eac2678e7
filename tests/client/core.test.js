import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { describe } from "node:test";

import { Backoff } from "../../client/src/backoff.js";
import { idBefore } from "../../client/src/ids.js";
import { Memory } from "../../client/src/memory.js";
import { Sequence } from "../../client/src/sequence.js";
import { idsOf, trade, trades } from "./support.js";

const MINUTE_MS = 60_000;
const id = (/** @type {number} */ n) => trade(n).id;

describe("memory", () => {
  test("an id is new once", () => {
    const memory = new Memory();
    assert.deepEqual([memory.admit(id(1), 0), memory.admit(id(2), 0), memory.admit(id(1), 1)], [true, true, false]);
  });

  test("the same path goes on after the last id that it delivered, a repeat too", () => {
    const memory = new Memory();
    for (const n of [1, 2, 1]) {
      memory.advance("edge", id(n));
      memory.admit(id(n), n * MINUTE_MS);
    }
    assert.equal(memory.cursor("edge"), id(1));
  });

  test("another path goes on after what arrived 5 s before the last", () => {
    const memory = new Memory();
    for (const [n, arrivedMs] of [[1, 0], [2, 4_000], [3, 4_001], [4, 9_000]]) {
      memory.advance("aws", id(n));
      memory.admit(id(n), arrivedMs);
    }
    assert.equal(memory.cursor("edge"), id(2));
  });

  test("another path goes on after the oldest id, if all are younger than 5 s", () => {
    const memory = new Memory();
    for (const n of [7, 3, 9]) memory.admit(id(n), n);
    assert.equal(memory.cursor("edge"), id(7));
  });

  test("without any id there is no cursor", () => assert.equal(new Memory().cursor("edge"), null));

  test("a path that was left is another path when it is taken again", () => {
    const memory = new Memory();
    memory.admit(id(1), 0);
    memory.admit(id(2), 10_000);
    memory.advance("edge", id(2));
    assert.equal(memory.cursor("edge"), id(2));
    memory.stayOn("aws");
    assert.equal(memory.cursor("edge"), id(1));
  });

  test("ids are forgotten after 15 minutes", () => {
    const memory = new Memory();
    memory.admit(id(1), 0);
    for (const n of [20, 21]) memory.admit(id(n), n * MINUTE_MS);
    memory.forgetOld(21 * MINUTE_MS);
    assert.equal(memory.admit(id(1), 21 * MINUTE_MS), true);
    assert.equal(memory.admit(id(20), 21 * MINUTE_MS), false);
  });

  test("a token that is silent for an hour keeps the ids that its cursor reads again", () => {
    const memory = new Memory();
    for (const [n, arrivedMs] of [[1, 0], [2, 10_000], [3, 60 * MINUTE_MS]]) {
      memory.admit(id(n), arrivedMs);
      memory.forgetOld(arrivedMs);
    }
    assert.equal(memory.cursor("edge"), id(2));
    assert.equal(memory.admit(id(1), 60 * MINUTE_MS), false);
  });

  test("at most 50,000 ids are remembered", () => {
    const memory = new Memory();
    for (const n of Array(50_001).keys()) memory.admit(id(n), 0);
    assert.equal(memory.admit(id(1), 0), false);
    assert.equal(memory.admit(id(0), 0), true);
  });
});

describe("sequence", () => {
  const handed = (/** @type {ReturnType<Sequence["add"]>} */ handouts) => handouts.map(({ update, isLate }) => [update.slot, isLate]);

  test("a trade below one that was handed out is late", () => {
    const sequence = new Sequence();
    assert.deepEqual([2, 1, 3].flatMap((n) => handed(sequence.add(trade(n)))), [[2, false], [1, true], [3, false]]);
  });

  /** @type {{arrivals: {name: string, arrivals: string[], newest: string, late: string[]}[]}} */
  const { arrivals: newestCases } = JSON.parse(readFileSync(new URL("../contract/newest.json", import.meta.url), "utf8"));
  for (const { name, arrivals, newest, late } of newestCases) {
    test(`the newest of the contract: ${name}`, () => {
      const sequence = new Sequence();
      const handouts = arrivals.flatMap((arrived) => sequence.add({ ...trade(0), id: arrived }));
      assert.equal(sequence.newestId, newest);
      assert.deepEqual(handouts.filter(({ isLate }) => isLate).map(({ update }) => update.id), late);
    });
  }

  test("a page that fills a gap keeps its order inside a slot", () => {
    const sequence = new Sequence();
    const [zed, first] = ["zzz", "aaa"].map((name) => ({ ...trade(7), id: `${trade(7).id.slice(0, 24)}${name}` }));
    sequence.hold();
    assert.deepEqual(sequence.fill([zed, first]).map(({ update }) => update.id), [zed.id, first.id]);
    assert.equal(sequence.newestId, first.id);
  });

  test("what arrives live while a gap is filled comes after what fills it", () => {
    const sequence = new Sequence();
    sequence.hold();
    assert.deepEqual([9, 8].flatMap((n) => sequence.add(trade(n))), []);
    assert.deepEqual(handed(sequence.fill(trades(1, 4))), [[1, false], [2, false], [3, false]]);
    assert.deepEqual(handed(sequence.release()), [[8, false], [9, false]]);
    assert.deepEqual(handed(sequence.add(trade(10))), [[10, false]]);
  });

  test("held trades go between the pages to which they belong", () => {
    const sequence = new Sequence();
    sequence.hold();
    sequence.add(trade(2));
    assert.deepEqual(handed(sequence.fill([trade(1), trade(3)])), [[1, false], [2, false], [3, false]]);
  });

  test("of 1,001 held trades all are handed out, and what fills the gap is late", () => {
    const sequence = new Sequence();
    sequence.hold();
    assert.deepEqual(trades(1_000, 2_000).flatMap((update) => sequence.add(update)), []);
    assert.equal(sequence.add(trade(2_000)).length, 1_001);
    assert.deepEqual(handed(sequence.add(trade(2_001))), [[2_001, false]]);
    assert.deepEqual(handed(sequence.fill([trade(1)])), [[1, true]]);
  });
});

test("waits double from 500 ms to 30 s, with full jitter, and begin anew", () => {
  const backoff = new Backoff();
  assert.deepEqual(Array.from({ length: 8 }, () => backoff.nextMs(1)), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(backoff.nextMs(0), 0);
  backoff.reset();
  assert.equal(backoff.nextMs(0.5), 250);
});

test("ids before an id are those of the contract", () => {
  const { firstOfSecond } = JSON.parse(readFileSync(new URL("../contract/ids.json", import.meta.url), "utf8"));
  for (const { timestamp, id: expected } of firstOfSecond) {
    assert.equal(idBefore(`${String(timestamp).padStart(10, "0")}-000300000000-abc`, 0), expected);
  }
  assert.deepEqual(idsOf([trade(60)]).map((each) => idBefore(each, 60)), ["1700000000-000000000000-0"]);
});
