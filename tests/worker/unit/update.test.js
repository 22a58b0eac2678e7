import assert from "node:assert/strict";
import test from "node:test";

import { Refusal } from "../../../worker/errors.js";
import { parseUpdates } from "../../../worker/update.js";

const GOOD = { price: 0.5, timestamp: 1_700_000_000 };

/** @param {unknown} body */
const parse = (body) => parseUpdates(JSON.stringify(body), "SOL");

test("price and timestamp are enough; the id is made of the timestamp and a hash", async () => {
  const [update] = await parse(GOOD);
  assert.match(update.id, /^1700000000-000000000000-[0-9a-f]{16}$/);
  assert.deepEqual(update, { type: "PRICE_UPDATE", token: "SOL", ...GOOD, id: update.id });
});

test("the same body makes the same id, another price another", async () => {
  const [[first], [again], [other]] = await Promise.all([parse(GOOD), parse(GOOD), parse({ ...GOOD, price: 0.6 })]);
  assert.equal(first.id, again.id);
  assert.notEqual(first.id, other.id);
});

test("the token is the path's, and unknown fields do not reach clients", async () => {
  const [update] = await parse({ ...GOOD, token: "OTHER", debug: "x" });
  assert.equal(update.token, "SOL");
  assert.ok(!("debug" in update));
});

test("a full update passes as it is", async () => {
  const full = { type: "PRICE_UPDATE", token: "SOL", ...GOOD, slot: 7, txSignature: "abc", id: "1700000000-000000000007-abc" };
  assert.deepEqual(await parse([full, full]), [full, full]);
});

test("null stands for a missing field", async () => {
  assert.equal("slot" in (await parse({ ...GOOD, slot: null, txSignature: null, id: null }))[0], false);
});

for (const [name, body] of Object.entries({
  "no object": 7,
  "null": null,
  "an array in an array": [[GOOD]],
  "no price": { timestamp: 1 },
  "a price of zero": { ...GOOD, price: 0 },
  "a price as text": { ...GOOD, price: "1" },
  "no timestamp": { price: 1 },
  "milliseconds": { ...GOOD, timestamp: 1_700_000_000_000 },
  "a fraction of a second": { ...GOOD, timestamp: 1.5 },
  "another type": { ...GOOD, type: "PRICE" },
  "a token with a slash": { ...GOOD, token: "a/b" },
  "a negative timestamp": { ...GOOD, timestamp: -1 },
  "a broken slot": { ...GOOD, slot: 1.5 },
  "a slot of 13 digits": { ...GOOD, slot: 1e12 },
  "a signature with markup": { ...GOOD, txSignature: "<b>" },
  "an id of another shape": { ...GOOD, id: "1" },
})) {
  test(`${name} is refused`, () => assert.rejects(parse(body), Refusal));
}

test("a price beyond a double is refused", () => assert.rejects(parseUpdates('{"price":1e999,"timestamp":1}', "SOL"), Refusal));

test("the error names the item and the field", () =>
  assert.rejects(parse([GOOD, { ...GOOD, price: -1 }]), { status: 400, message: /^\[1\]\.price must be/ }));
