import assert from "node:assert/strict";
import test from "node:test";

import { HubChoice, regionOf } from "../../../worker/hub_choice.js";
import { LIMITS } from "../../../worker/limits.js";

const NOW_MS = 1_750_000_000_000;
/** The highest number that may be chosen. */
const highest = () => 0.999_999;

/**
 * Clients of one region, one after the other. Returns the hubs that took them, and those that were asked for the last one.
 * @param {HubChoice} choice
 * @param {number} clients
 * @param {object} [world]
 * @param {(number: number) => boolean} [world.isFull]
 * @param {number} [world.fromMs]
 * @param {number} [world.everyMs] how long from one client to the next
 */
function connect(choice, clients, { isFull = () => false, fromMs = NOW_MS, everyMs = 0 } = {}) {
  const took = /** @type {number[]} */ ([]);
  let asked = /** @type {number[]} */ ([]);
  for (let client = 0; client < clients; client += 1) {
    const nowMs = fromMs + client * everyMs;
    asked = [];
    for (const number of choice.numbers("weur", nowMs)) {
      asked.push(number);
      if (!isFull(number)) {
        took.push(number);
        break;
      }
      choice.noteFull("weur", number, nowMs);
    }
  }
  return { took, asked };
}

/** @param {number} full */
const areFull = (full) => ({ isFull: (/** @type {number} */ number) => number < full });

test("one hub will do until it is full; then a new one is asked, each time among twice as many", () => {
  assert.deepEqual(connect(new HubChoice(highest), 9), { took: Array(9).fill(0), asked: [0] });
  assert.deepEqual(connect(new HubChoice(() => 0), 1, areFull(99)), { took: [], asked: [0, 1, 2, 4] });
  assert.deepEqual(connect(new HubChoice(highest), 1, areFull(99)).asked, [0, 1, 3, 7]);
});

test("a full hub is not asked again for a minute", () => {
  const choice = new HubChoice();
  connect(choice, 1, areFull(1));
  const { asked } = connect(choice, 20, { fromMs: NOW_MS + LIMITS.hubFullMs - 1 });
  assert.deepEqual(asked, [1]);
  assert.deepEqual(connect(choice, 20, { fromMs: NOW_MS + LIMITS.hubFullMs }).took, Array(20).fill(0));
});

for (const full of [1, 8, 64]) {
  test(`where ${full} are full, however many clients come, no more than twice as many others are used`, () => {
    const { took } = connect(new HubChoice(), 6_000, { ...areFull(full), everyMs: 100 });
    assert.ok(took.length >= 6_000 - 4, `${took.length} were taken`);
    assert.ok(new Set(took).size <= 4 * full, `${new Set(took).size} hubs`);
  });
}

test("clients that all come at once to a full hub use one more", () => {
  const choice = new HubChoice(highest);
  const asking = Array.from({ length: 200 }, () => choice.numbers("weur", NOW_MS));
  const firsts = asking.map((numbers) => /** @type {number} */ (numbers.next().value));
  for (const number of firsts) choice.noteFull("weur", number, NOW_MS);
  assert.deepEqual(new Set(firsts), new Set([0]));
  assert.deepEqual(new Set(asking.map((numbers) => numbers.next().value)), new Set([1]));
});

test("regions do not know of each other", () => {
  const choice = new HubChoice(highest);
  choice.noteFull("weur", 0, NOW_MS);
  assert.deepEqual(["weur", "enam"].map((region) => choice.numbers(region, NOW_MS).next().value), [1, 0]);
});

test("there is an end to it", () => {
  const choice = new HubChoice();
  for (let number = 0; number < LIMITS.hubs; number += 1) choice.noteFull("weur", number, NOW_MS);
  const { asked } = connect(choice, 1, areFull(LIMITS.hubs));
  assert.equal(asked.length, LIMITS.hubTries);
  assert.ok(asked.every((number) => number < LIMITS.hubs), `${asked}`);
});

for (const [continent, longitude, region] of /** @type {[string | undefined, string, string | null][]} */ ([
  ["NA", "-122.4", "wnam"], ["NA", "-74.0", "enam"], ["SA", "-46.6", "sam"], ["EU", "8.7", "weur"], ["EU", "37.6", "eeur"],
  ["AS", "55.3", "me"], ["AS", "139.7", "apac"], ["OC", "151.2", "oc"], ["AF", "28.0", "afr"], ["T1", "0", null], [undefined, "", null],
])) {
  test(`a client in ${continent} at ${longitude} degrees is near ${region}`, () => assert.equal(regionOf({ continent, longitude }), region));
}

test("nothing is known of a client", () => assert.equal(regionOf(undefined), null));
