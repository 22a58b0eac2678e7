/** The golden file of origins against the worker's rule; tests/contract/test_origins.py reads it too. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { isOriginAllowed } from "../../../worker/origin.js";

const GOLDEN = JSON.parse(readFileSync(new URL("../../contract/origins.json", import.meta.url), "utf8"));

for (const [table, allowedOrigins, requiresOrigin] of [
  ["cases", GOLDEN.allowed, false],
  ["listingNothing", [], false],
  ["requiringOne", GOLDEN.allowed, true],
]) {
  test(`an origin may connect as in the file: ${table}`, () => {
    /** @type {{origin: string | null, isAllowed: boolean}[]} */
    const cases = GOLDEN[table];
    const rule = { own: GOLDEN.own, allowedOrigins, requiresOrigin };
    const decided = cases.map(({ origin }) => ({ origin, isAllowed: isOriginAllowed(origin, rule) }));
    assert.deepEqual(decided, cases);
  });
}
