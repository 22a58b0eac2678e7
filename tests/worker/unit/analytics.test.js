/** The points for Analytics Engine: their places are what the queries of docs/edge.md go by, their sizes what it takes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { broadcastPoint, refusalPoint } from "../../../worker/analytics.js";

// Of one point (Cloudflare docs, "Workers Analytics Engine limits").
const MAX_INDEX_BYTES = 96;
const MAX_BLOBS_BYTES = 16_384;
const MAX_FIELDS = 20;

const TOKEN = "T".repeat(64); // the longest that is served
const BROADCAST = broadcastPoint({ token: TOKEN, colo: "FRA", updates: 3, connections: 1_000, ms: 12 });
const REFUSAL = refusalPoint({ code: "TOO_MANY_CONNECTS", colo: "FRA" });

test("a broadcast tells of its token, its data centre, what was sent, to how many, and how long it took", () => {
  assert.deepEqual(BROADCAST, { indexes: [TOKEN], blobs: ["broadcast", "FRA", "OK"], doubles: [3, 1_000, 12] });
});

test("a refusal names its code and no token: strangers could make up any number of them", () => {
  assert.deepEqual(REFUSAL, { indexes: [""], blobs: ["refusal", "FRA", "TOO_MANY_CONNECTS"], doubles: [] });
});

test("every point fits", () => {
  for (const { indexes = [], blobs = [], doubles = [] } of [BROADCAST, REFUSAL]) {
    assert.ok(Buffer.byteLength(String(indexes[0])) <= MAX_INDEX_BYTES && indexes.length === 1);
    assert.ok(Buffer.byteLength(blobs.join("")) <= MAX_BLOBS_BYTES);
    assert.ok(blobs.length <= MAX_FIELDS && doubles.length <= MAX_FIELDS);
  }
});

test("the queries of docs/edge.md ask for what the points have", () => {
  const page = readFileSync(new URL("../../../docs/edge.md", import.meta.url), "utf8");
  const [, queries] = /```sql\n([^]*?)```/.exec(page) ?? [];
  assert.ok(queries);
  const named = new Set(queries.match(/\b(?:index|blob|double)\d+\b/g));
  const places = ["index1", ...[1, 2, 3].flatMap((place) => [`blob${place}`, `double${place}`])];
  assert.deepEqual([...named].sort(), places.sort());
});
