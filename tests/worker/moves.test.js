/** What the mover orders, and what clients hear of it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, describe } from "node:test";

import { WebSocket } from "ws";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { anUpdate, Client, PREVIOUS_SECRET, startEdge, story, updatesFrom } from "./support/edge.js";

const edge = await startEdge({ after }, { vars: { WINDOW_MS: "0", WEBHOOK_SECRET_PREVIOUS: PREVIOUS_SECRET } });

const URL_OF_AWS = "wss://aws.example/live";
const MINUTE_MS = 60_000;
/** A grace that no test outlives. */
const farMs = () => Date.now() + 60 * MINUTE_MS;
/** A grace that was over long ago. */
const pastMs = () => Date.now() - 60 * MINUTE_MS;

/** @param {number} n */
const idOf = (n) => anUpdate(n).id;

/** @param {string} token @param {object} changes @param {import("./support/edge.js").Edge} at */
const moveAway = (token, changes = {}, at = edge) =>
  at.command("/moves", { path: "aws", tokens: [token], url: URL_OF_AWS, jitterMs: 4000, closeAtMs: farMs(), ...changes });

/** @param {string} token @param {number} servedFromMs @param {import("./support/edge.js").Edge} at */
const moveHere = (token, servedFromMs, at = edge) => at.command("/moves", { path: "edge", tokens: [token], servedFromMs });

/** @param {string} token @param {string | null} cursor */
const movedMessage = (token, cursor, jitterMs = 4000) => ({ type: "MOVED", token, path: "aws", url: URL_OF_AWS, after: cursor, jitterMs });

/** @param {any[]} heard */
const storyWithMoves = (heard) => heard.flatMap((message) => (message.type === "MOVED" ? [message] : story([message])));

/** @param {string} token @param {string} query @param {import("./support/edge.js").Edge} at */
async function heardBy(token, query = "", at = edge) {
  const client = await at.connect(token, { query });
  const [, ...heard] = await client.settle();
  await client.close();
  return heard;
}

/** All that a client hears which the room closes at once. @param {string} token @param {string} query @param {import("./support/edge.js").Edge} at */
async function heardTooLate(token, query = "", at = edge) {
  const client = new Client(new WebSocket(at.socketUrl(token, query)));
  const closed = await client.isToldToClose();
  return { heard: client.received.slice(1), closed };
}

const CLOSED_AS_MOVED = { code: CLOSE.MOVED.code, reason: CLOSE.MOVED.reason };

describe("a token leaves", () => {
  test("each client hears where to go, with its cursor, and goes on being served", async () => {
    const clients = [await edge.connect("LEAVE"), await edge.connect("LEAVE", { query: "?delivery=latest" })];
    await edge.broadcast("LEAVE", anUpdate(1));
    assert.deepEqual(await moveAway("LEAVE"), { success: true, connections: 2 });
    await edge.broadcast("LEAVE", anUpdate(2));
    for (const client of clients) {
      await client.next("PRICE_UPDATE");
      assert.deepEqual(await client.next("MOVED"), movedMessage("LEAVE", idOf(1)));
      assert.equal((await client.next("PRICE_UPDATE")).id, idOf(2));
      assert.equal(client.closed, null);
    }
  });

  test("a client that was sent nothing has no cursor", async () => {
    const client = await edge.connect("SILENT");
    await moveAway("SILENT");
    assert.deepEqual(await client.next("MOVED"), movedMessage("SILENT", null));
  });

  test("at the end of the grace whoever is left is closed, and comes back by way of /connect", async () => {
    const clients = [await edge.connect("GRACE"), await edge.connect("GRACE")];
    const closeAtMs = Date.now() + 300;
    await moveAway("GRACE", { closeAtMs });
    for (const client of clients) {
      await client.next("MOVED");
      assert.deepEqual(await client.isToldToClose(), CLOSED_AS_MOVED);
      assert.ok(Date.now() >= closeAtMs);
    }
    assert.ok(CLOSE.MOVED.reconnect);
  });

  test("who connects within the grace is served, then told", async () => {
    await edge.broadcast("LATE", updatesFrom(1, 4));
    await moveAway("LATE");
    assert.deepEqual(await heardBy("LATE"), [anUpdate(3, { token: "LATE" }), movedMessage("LATE", idOf(3))]);
    assert.deepEqual(storyWithMoves(await heardBy("LATE", `?after=${idOf(1)}`)), [idOf(2), idOf(3), movedMessage("LATE", idOf(3))]);
  });

  test("who connects behind the grace is told and closed, with the cursor that it came with", async () => {
    await edge.broadcast("OVER", anUpdate(1));
    await moveAway("OVER", { closeAtMs: pastMs() });
    assert.deepEqual(await heardTooLate("OVER"), { heard: [movedMessage("OVER", null, 0)], closed: CLOSED_AS_MOVED });
    const { heard } = await heardTooLate("OVER", `?after=${idOf(9)}`);
    assert.deepEqual(heard, [movedMessage("OVER", idOf(9), 0)]);
  });

  test("a room without clients and prices keeps the order too", async () => {
    assert.deepEqual(await moveAway("NOBODY"), { success: true, connections: 0 });
    assert.deepEqual(await heardBy("NOBODY"), [movedMessage("NOBODY", null)]);
    assert.deepEqual(storyWithMoves(await heardBy("NOBODY", `?after=${idOf(5)}`)), [{ after: idOf(5), until: null }, movedMessage("NOBODY", idOf(5))]);
  });

  test("a repeated order is heard once, another one again", async () => {
    const client = await edge.connect("TWICE");
    const closeAtMs = farMs();
    for (const order of [{ closeAtMs }, { closeAtMs }, { closeAtMs: closeAtMs + 1 }]) {
      assert.equal((await moveAway("TWICE", order)).connections, 1);
    }
    assert.deepEqual((await client.settle()).map(({ type }) => type), ["connected", "MOVED", "MOVED"]);
  });
});

describe("a token comes", () => {
  test("called back within its grace, the room goes on: no gap, nobody closed", async () => {
    const closeAtMs = farMs();
    await edge.broadcast("CANCEL", updatesFrom(1, 4));
    await moveAway("CANCEL", { closeAtMs });
    await edge.broadcast("CANCEL", anUpdate(4));
    await moveHere("CANCEL", closeAtMs - 1);
    await moveHere("CANCEL", closeAtMs - 1);
    await edge.broadcast("CANCEL", anUpdate(5));
    assert.deepEqual(story(await heardBy("CANCEL", `?after=${idOf(2)}`)), [3, 4, 5].map(idOf));
    assert.deepEqual(await heardBy("CANCEL"), [anUpdate(5, { token: "CANCEL" })]);
  });

  test("a room that was called back serves whoever connects behind the grace", async () => {
    const closeAtMs = pastMs();
    await moveAway("BACK", { closeAtMs });
    await moveHere("BACK", closeAtMs - 1);
    await edge.broadcast("BACK", anUpdate(1));
    assert.deepEqual(story(await heardBy("BACK")), [idOf(1)]);
  });

  test("after it was away, cursors from before hear a gap and everything since, those from after miss nothing", async () => {
    await edge.broadcast("AWAY", updatesFrom(1, 4));
    const closeAtMs = pastMs();
    await moveAway("AWAY", { closeAtMs });
    await moveHere("AWAY", closeAtMs);
    assert.deepEqual(story(await heardBy("AWAY", `?after=${idOf(2)}`)), [idOf(3), { after: idOf(3), until: null }]);

    await edge.broadcast("AWAY", updatesFrom(7, 9));
    await moveHere("AWAY", closeAtMs); // a repeat
    await edge.broadcast("AWAY", anUpdate(9));
    const assertStories = async () => {
      assert.deepEqual(story(await heardBy("AWAY", `?after=${idOf(2)}`)), [idOf(3), { after: idOf(3), until: idOf(7) }, ...[7, 8, 9].map(idOf)]);
      assert.deepEqual(story(await heardBy("AWAY", `?after=${idOf(7)}`)), [idOf(8), idOf(9)]);
    };
    await assertStories();
    await edge.probe("AWAY", "save");
    await edge.probe("AWAY", "crash");
    await assertStories();
  });

  test("the end of the epoch is kept at once", async () => {
    await edge.broadcast("AT_ONCE", updatesFrom(1, 3));
    await moveHere("AT_ONCE", Date.now());
    const { isOpen, chunks } = await edge.probe("AT_ONCE", "stored");
    assert.deepEqual({ isOpen, chunks }, { isOpen: false, chunks: 1 });
    await edge.probe("AT_ONCE", "crash");
    assert.deepEqual(story(await heardBy("AT_ONCE", `?after=${idOf(1)}`)), [idOf(2), { after: idOf(2), until: null }]);
  });

  test("updates that wait for the window to end are sent and saved before", async (t) => {
    const slow = await startEdge(t, { vars: { WINDOW_MS: String(MINUTE_MS) } });
    const client = await slow.connect("WAITING");
    for (const n of [1, 2]) await slow.broadcast("WAITING", anUpdate(n));
    await moveHere("WAITING", Date.now(), slow);
    assert.deepEqual(story(await client.settle()), [idOf(1), idOf(2), { after: idOf(2), until: null }]);
    await slow.probe("WAITING", "crash");
    assert.deepEqual(story(await heardBy("WAITING", "", slow)), [idOf(2)]);
  });

  test("who listened to a room that was not served hears the gap too", async () => {
    const client = await edge.connect("LISTENER");
    await edge.broadcast("LISTENER", anUpdate(1));
    await moveHere("LISTENER", Date.now());
    await edge.broadcast("LISTENER", anUpdate(5));
    await client.hasUpdates(2);
    assert.deepEqual(story(client.received), [idOf(1), { after: idOf(1), until: null }, idOf(5)]);
  });

  test("an empty room stores nothing", async () => {
    const client = await edge.connect("FRESH");
    assert.deepEqual(await moveHere("FRESH", Date.now()), { success: true, connections: 1 });
    assert.deepEqual(await edge.probe("FRESH", "stored"), { hasAlarm: false, isOpen: null, chunks: 0 });
    await edge.broadcast("FRESH", updatesFrom(1, 3));
    await client.hasUpdates(2);
    assert.deepEqual(story(await heardBy("FRESH", `?after=${idOf(1)}`)), [idOf(2)]);
  });
});

describe("what was ordered is kept", () => {
  test("through a wake that is not clean", async () => {
    await edge.broadcast("UNCLEAN", anUpdate(1));
    await moveAway("UNCLEAN");
    await edge.probe("UNCLEAN", "crash");
    assert.deepEqual(storyWithMoves(await heardBy("UNCLEAN", `?after=${idOf(1)}`)), [{ after: idOf(1), until: null }, movedMessage("UNCLEAN", idOf(1))]);
  });

  test("through a restart, with the time of the close", async (t) => {
    const persist = mkdtempSync(path.join(os.tmpdir(), "glow-moves-"));
    t.after(async () => rmSync(persist, { recursive: true }));
    const closeAtMs = farMs();
    const before = await startEdge(t, { persist });
    await moveAway("KEPT", { closeAtMs }, before);
    await moveAway("GONE", { closeAtMs: pastMs() }, before);
    await before.stop();

    const then = await startEdge(t, { persist });
    assert.equal(await then.probe("KEPT", "alarmMs"), closeAtMs);
    assert.deepEqual(await heardBy("KEPT", "", then), [movedMessage("KEPT", null)]);
    assert.deepEqual((await heardTooLate("GONE", "", then)).closed, CLOSED_AS_MOVED);
  });

  test("in a room that the first version has stored", async () => {
    for (const sql of [
      "CREATE TABLE room (one INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, is_open INTEGER NOT NULL, newest TEXT)",
      "CREATE TABLE chunk (last_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, arrived_ms INTEGER NOT NULL, ids TEXT NOT NULL, updates TEXT NOT NULL)",
      `INSERT INTO room VALUES (1, 3, 0, '${JSON.stringify(anUpdate(2))}')`,
      `INSERT INTO chunk VALUES (2, 3, ${Date.now()}, '${idOf(1)} ${idOf(2)}', '${JSON.stringify(updatesFrom(1, 3))}')`,
    ]) {
      await edge.probe("OLD", "execute", { sql });
    }
    assert.deepEqual(story(await heardBy("OLD", `?after=${idOf(1)}`)), [idOf(2)]);
    await edge.broadcast("OLD", updatesFrom(2, 4)); // the first is a repeat
    await edge.probe("OLD", "save");
    await moveAway("OLD");
    await edge.probe("OLD", "crash");
    assert.deepEqual(storyWithMoves(await heardBy("OLD", `?after=${idOf(1)}`)), [idOf(2), idOf(3), movedMessage("OLD", idOf(3))]);
  });
});

describe("the one alarm", () => {
  test("saves first and closes later, also when a lost memory has to find out for what it was set", async () => {
    const closeAtMs = farMs();
    await moveAway("ALARM", { closeAtMs });
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
    await edge.broadcast("ALARM", anUpdate(1));
    assert.ok((await edge.probe("ALARM", "alarmMs")) <= Date.now() + LIMITS.saveDelayMs);
    await edge.probe("ALARM", "save");
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
    await edge.probe("ALARM", "crash");
    await edge.broadcast("ALARM", anUpdate(2));
    await edge.probe("ALARM", "save");
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
  });

  test("closes on time although a broadcast after a lost memory wants to save later", async () => {
    const closeAtMs = Date.now() + LIMITS.saveDelayMs / 2;
    await moveAway("SOONER", { closeAtMs });
    await edge.probe("SOONER", "crash");
    await edge.broadcast("SOONER", anUpdate(1));
    const alarmMs = await edge.probe("SOONER", "alarmMs");
    assert.ok(alarmMs === closeAtMs || Date.now() >= closeAtMs, `${alarmMs}`);
  });

  test("of a move that is over does not keep a room from saving", async () => {
    await moveAway("ENDED", { closeAtMs: pastMs() });
    for (const n of [1, 2]) {
      await edge.broadcast("ENDED", anUpdate(n));
      assert.ok((await edge.probe("ENDED", "alarmMs")) > 0);
      await edge.probe("ENDED", "save");
      await edge.probe("ENDED", "crash");
    }
  });
});

describe("the mover's calls", () => {
  test("a census counts, and writes nothing", async () => {
    await edge.connect("COUNT_A");
    await edge.connect("COUNT_A");
    await edge.connect("COUNT_B");
    assert.deepEqual(await edge.command("/census", { tokens: ["COUNT_A", "COUNT_B", "COUNT_C"] }), { success: true, connections: 3 });
    for (const token of ["COUNT_A", "COUNT_C"]) {
      assert.deepEqual(await edge.probe(token, "stored"), { hasAlarm: false, isOpen: null, chunks: 0 });
    }
  });

  test("may name 500 tokens, not more", async () => {
    const tokens = Array.from({ length: LIMITS.movedTokens }, (_, n) => `MANY_${n}`);
    await edge.connect("MANY_499");
    assert.deepEqual(await edge.command("/census", { tokens }), { success: true, connections: 1 });
    assert.equal((await edge.postTo("/census", { tokens: [...tokens, "ONE_MORE"] })).status, 400);
  });

  test("reach tokens that are no longer served", async (t) => {
    const some = await startEdge(t, { vars: { TOKENS: "A" } });
    await some.command("/census", { tokens: ["A", "DROPPED"] });
    await moveAway("DROPPED", {}, some);
  });

  test("fail as a whole when one room does, but the others have heard it", async () => {
    await edge.probe("BROKEN", "execute", { sql: "CREATE TABLE room (one INTEGER)" });
    const client = await edge.connect("WHOLE");
    const order = { path: "aws", tokens: ["BROKEN", "WHOLE"], url: URL_OF_AWS, jitterMs: 0, closeAtMs: farMs() };
    const response = await edge.postTo("/moves", order);
    assert.equal(response.status, 503);
    assert.equal((await response.json()).error.code, "UNAVAILABLE");
    await client.next("MOVED");
  });

  for (const path of ["/census", "/moves"]) {
    test(`${path} is for the mover only, in its bounds`, async () => {
      const body = { path: "edge", tokens: ["GUARD"], servedFromMs: Date.now() };
      const status = async (/** @type {unknown} */ posted, /** @type {{secret?: string | null}} */ options = {}) => (await edge.postTo(path, posted, options)).status;
      assert.equal(await status(body, { secret: PREVIOUS_SECRET }), 200);
      for (const secret of [null, "wrong"]) assert.equal(await status(body, { secret }), 401);
      for (const posted of ["", "{", "[]", "null", '"T"', {}]) assert.equal(await status(posted), 400, JSON.stringify(posted));
      assert.equal(await status(" ".repeat(LIMITS.bodyBytes + 1)), 413);
      assert.equal((await edge.fetch(path)).headers.get("allow"), "POST");
      assert.equal((await edge.fetch(`${path}/T`, { method: "POST" })).status, 404);
    });
  }
});
