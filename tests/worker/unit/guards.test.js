import assert from "node:assert/strict";
import test from "node:test";

import { requireBearer } from "../../../worker/auth.js";
import { CLOSE, closeCodeInReplyTo } from "../../../worker/close.js";
import { isToken } from "../../../worker/ids.js";
import { LIMITS } from "../../../worker/limits.js";
import { Outbox } from "../../../worker/outbox.js";
import { networkOf, RateLimit } from "../../../worker/rate.js";
import { SeenIds } from "../../../worker/seen.js";
import { settingsOf } from "../../../worker/settings.js";

test("a bearer is one of the secrets; scheme in any case", async () => {
  await requireBearer("Bearer now", ["now", "before"]);
  await requireBearer("bearer before", ["now", "before"]);
});

for (const header of [null, "", "Bearer", "Bearer ", "Bearer wrong", "Basic now", "now", "Bearer now "]) {
  test(`the header ${JSON.stringify(header)} is refused`, () => assert.rejects(requireBearer(header, ["now"]), { status: 401 }));
}

test("without a secret nobody may post", () => assert.rejects(requireBearer("Bearer undefined", settingsOf(/** @type {any} */ ({})).secrets), { status: 401 }));

test("tokens", () => {
  for (const token of ["SOL", "a-b_c", "x".repeat(64)]) assert.ok(isToken(token), token);
  for (const token of ["", "x".repeat(65), "a b", "a%20b", "é", "a\n", "../x"]) assert.ok(!isToken(token), token);
});

test("a setting that is no number is named", () => {
  assert.throws(() => settingsOf(/** @type {any} */ ({ WINDOW_MS: "fast" })), /WINDOW_MS must be a whole number, not "fast"/);
});

test("lists may have blanks", () => {
  assert.deepEqual(settingsOf(/** @type {any} */ ({ TOKENS: " A, B ,," })).tokens, ["A", "B"]);
});

test("reserved close codes are answered with 1000, others with themselves", () => {
  for (const code of [1004, 1005, 1006, 1015]) assert.equal(closeCodeInReplyTo(code), 1000);
  for (const code of [1000, 1001, 4321]) assert.equal(closeCodeInReplyTo(code), code);
});

test("close reasons fit into a close frame", () => {
  for (const { reason } of Object.values(CLOSE)) assert.ok(reason.length <= 123);
});

test("a rate limit counts each key per period", () => {
  const limit = new RateLimit(1000);
  assert.deepEqual([0, 1, 2].map((ms) => limit.allows("a", 2, 5000 + ms)), [true, true, false]);
  assert.ok(limit.allows("b", 2, 5003));
  assert.ok(limit.allows("a", 2, 6000));
});

test("one IPv6 customer is one client", () => {
  assert.equal(networkOf("203.0.113.9"), "203.0.113.9");
  assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), networkOf("2001:db8:1:2::9"));
  assert.notEqual(networkOf("2001:db8:1:2::9"), networkOf("2001:db8:1:3::9"));
  assert.equal(networkOf("::1"), "0:0:0:0");
});

test("an id is new once in 15 minutes", () => {
  const seen = new SeenIds([["old", 0]]);
  assert.ok(!seen.admit("old", LIMITS.seenMs));
  assert.ok(seen.admit("old", LIMITS.seenMs + 1));
});

test("at most 50,000 ids are remembered, the youngest ones", () => {
  const seen = new SeenIds();
  for (let n = 0; n <= LIMITS.seenIds; n += 1) seen.admit(String(n), 1);
  assert.ok(!seen.admit(String(LIMITS.seenIds), 1));
  assert.ok(!seen.admit("1", 1));
  assert.ok(seen.admit("0", 1));
});

test("an outbox is full by what the runtime says is buffered", () => {
  const socket = { bufferedAmount: 0, send() {} };
  const outbox = new Outbox(socket, 100, () => 0);
  outbox.send("x".repeat(1000));
  assert.deepEqual([outbox.isFull, outbox.isDrained], [false, true]);
  socket.bufferedAmount = 100;
  assert.deepEqual([outbox.isFull, outbox.isDrained], [false, false]);
  socket.bufferedAmount = 101;
  assert.ok(outbox.isFull);
});

test("without bufferedAmount an outbox is full after 1 MiB, until the client gives a sign of life", () => {
  let lastPingMs = 0;
  const outbox = new Outbox({ send() {} }, 100, () => lastPingMs);
  const fill = () => outbox.send("x".repeat(LIMITS.unacknowledgedBytes + 1));
  fill();
  assert.ok(outbox.isFull && !outbox.isDrained);
  outbox.acknowledge();
  assert.ok(!outbox.isFull && outbox.isDrained);
  fill();
  lastPingMs = 7;
  assert.ok(!outbox.isFull);
  fill();
  assert.ok(outbox.isFull, "the same ping counts once");
});
