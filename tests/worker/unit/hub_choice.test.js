import assert from "node:assert/strict";
import test from "node:test";

import { HubChoice, regionOf } from "../../../worker/hub_choice.js";
import { LIMITS } from "../../../worker/limits.js";

const NOW_MS = 1_750_000_000_000;
/** The highest number that may be chosen. */
const highest = () => 0.999_999;

test("one hub will do until it is full; then there are twice as many, and a new one is next", () => {
  const choice = new HubChoice(() => 0);
  assert.equal(choice.choose("weur", NOW_MS), 0);
  assert.deepEqual([1, 2, 4, 8].map(() => choice.chooseAnother("weur", NOW_MS)), [1, 2, 4, 8]);
  const [low, high] = [new HubChoice(() => 0), new HubChoice(highest)].map((each) => (each.chooseAnother("weur", NOW_MS), each.chooseAnother("weur", NOW_MS), each.choose("weur", NOW_MS)));
  assert.deepEqual([low, high], [0, 3]);
});

test("regions do not know of each other", () => {
  const choice = new HubChoice(highest);
  choice.chooseAnother("weur", NOW_MS);
  assert.deepEqual([choice.choose("weur", NOW_MS), choice.choose("enam", NOW_MS)], [1, 0]);
});

test("with each minute in which none was full half as many will do", () => {
  const choice = new HubChoice(highest);
  for (let n = 0; n < 3; n += 1) choice.chooseAnother("weur", NOW_MS);
  const minutes = [0, 0.9, 1, 1.9, 2, 10];
  assert.deepEqual(minutes.map((minute) => choice.choose("weur", NOW_MS + minute * LIMITS.hubsShrinkMs)), [7, 7, 3, 3, 1, 0]);
});

test("there is an end to it", () => {
  const choice = new HubChoice(highest);
  for (let n = 0; n < 99; n += 1) assert.ok(choice.chooseAnother("weur", NOW_MS) < LIMITS.hubs);
  assert.equal(choice.choose("weur", NOW_MS), LIMITS.hubs - 1);
});

for (const [continent, longitude, region] of /** @type {[string | undefined, string, string | null][]} */ ([
  ["NA", "-122.4", "wnam"], ["NA", "-74.0", "enam"], ["SA", "-46.6", "sam"], ["EU", "8.7", "weur"], ["EU", "37.6", "eeur"],
  ["AS", "55.3", "me"], ["AS", "139.7", "apac"], ["OC", "151.2", "oc"], ["AF", "28.0", "afr"], ["T1", "0", null], [undefined, "", null],
])) {
  test(`a client in ${continent} at ${longitude} degrees is near ${region}`, () => assert.equal(regionOf({ continent, longitude }), region));
}

test("nothing is known of a client", () => assert.equal(regionOf(undefined), null));
