/** The mover's orders to a room, and what clients receive then. */

import assert from "node:assert/strict";
import test, { after, describe } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { anUpdate, PREVIOUS_SECRET, startEdge, story, updatesFrom } from "./support/edge.js";
import { CLOSED_AS_MOVED, farMs, heardBy, heardTooLate, moveAway, movedMessage, moveHere, pastMs, storyWithMoves, URL_OF_AWS } from "./support/moves.js";

const edge = await startEdge({ after }, { vars: { WINDOW_MS: "0", WEBHOOK_SECRET_PREVIOUS: PREVIOUS_SECRET } });

/** @param {number} n */
const idOf = (n) => anUpdate(n).id;

/**
 * Until the test ends no room can read what it has missed (healing.test.js).
 * @param {import("node:test").TestContext} t
 */
function breakTable(t) {
  edge.rest.status = 500;
  t.after(() => void (edge.rest.status = 200));
}

describe("a token leaves", () => {
  test("each client hears where to go, with its cursor, and goes on being served", async () => {
    const clients = [await edge.connect("LEAVE"), await edge.connect("LEAVE", { query: "?delivery=latest" })];
    await edge.broadcast("LEAVE", anUpdate(1));
    assert.deepEqual(await moveAway(edge, "LEAVE"), { success: true, connections: 2 });
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
    await moveAway(edge, "SILENT");
    assert.deepEqual(await client.next("MOVED"), movedMessage("SILENT", null));
  });

  test("at the end of the grace whoever is left is closed, and comes back by way of /connect", async () => {
    const clients = [await edge.connect("GRACE"), await edge.connect("GRACE")];
    const closeAtMs = Date.now() + 300;
    await moveAway(edge, "GRACE", { closeAtMs });
    for (const client of clients) {
      await client.next("MOVED");
      assert.deepEqual(await client.isToldToClose(), CLOSED_AS_MOVED);
      assert.ok(Date.now() >= closeAtMs);
    }
    assert.ok(CLOSE.MOVED.reconnect);
  });

  test("who connects within the grace is served, then told", async () => {
    await edge.broadcast("LATE", updatesFrom(1, 4));
    await moveAway(edge, "LATE");
    assert.deepEqual(await heardBy(edge, "LATE"), [anUpdate(3, { token: "LATE" }), movedMessage("LATE", idOf(3))]);
    assert.deepEqual(storyWithMoves(await heardBy(edge, "LATE", `?after=${idOf(1)}`)), [idOf(2), idOf(3), movedMessage("LATE", idOf(3))]);
  });

  test("who connects behind the grace is told and closed, with the cursor that it came with", async () => {
    await edge.broadcast("OVER", anUpdate(1));
    await moveAway(edge, "OVER", { closeAtMs: pastMs() });
    assert.deepEqual(await heardTooLate(edge, "OVER"), { heard: [movedMessage("OVER", null, 0)], closed: CLOSED_AS_MOVED });
    const { heard } = await heardTooLate(edge, "OVER", `?after=${idOf(9)}`);
    assert.deepEqual(heard, [movedMessage("OVER", idOf(9), 0)]);
  });

  test("a room without clients and prices keeps the order too", async () => {
    assert.deepEqual(await moveAway(edge, "NOBODY"), { success: true, connections: 0 });
    assert.deepEqual(await heardBy(edge, "NOBODY"), [movedMessage("NOBODY", null)]);
    assert.deepEqual(storyWithMoves(await heardBy(edge, "NOBODY", `?after=${idOf(5)}`)), [{ after: idOf(5), until: null }, movedMessage("NOBODY", idOf(5))]);
  });

  test("a repeated order is heard once, another one again", async () => {
    const client = await edge.connect("TWICE");
    const closeAtMs = farMs();
    for (const order of [{ closeAtMs }, { closeAtMs }, { closeAtMs: closeAtMs + 1 }]) {
      assert.equal((await moveAway(edge, "TWICE", order)).connections, 1);
    }
    assert.deepEqual((await client.settle()).map(({ type }) => type), ["connected", "MOVED", "MOVED"]);
  });
});

describe("a token comes", () => {
  test("a publisher hears of a room that it is away, until the room is called back", async () => {
    await moveAway(edge, "TOLD");
    assert.deepEqual(await edge.broadcast("TOLD", anUpdate(1)), { success: true, connections: 0, away: true });
    await moveHere(edge, "TOLD", Date.now());
    assert.deepEqual(await edge.broadcast("TOLD", anUpdate(2)), { success: true, connections: 0 });
  });

  test("called back within its grace, the room goes on: no gap, nobody closed", async () => {
    const closeAtMs = farMs();
    await edge.broadcast("CANCEL", updatesFrom(1, 4));
    await moveAway(edge, "CANCEL", { closeAtMs });
    await edge.broadcast("CANCEL", anUpdate(4));
    await moveHere(edge, "CANCEL", closeAtMs - 1);
    await moveHere(edge, "CANCEL", closeAtMs - 1);
    await edge.broadcast("CANCEL", anUpdate(5));
    assert.deepEqual(story(await heardBy(edge, "CANCEL", `?after=${idOf(2)}`)), [3, 4, 5].map(idOf));
    assert.deepEqual(await heardBy(edge, "CANCEL"), [anUpdate(5, { token: "CANCEL" })]);
  });

  test("a room that was called back serves whoever connects behind the grace", async () => {
    const closeAtMs = pastMs();
    await moveAway(edge, "BACK", { closeAtMs });
    await moveHere(edge, "BACK", closeAtMs - 1);
    await edge.broadcast("BACK", anUpdate(1));
    assert.deepEqual(story(await heardBy(edge, "BACK")), [idOf(1)]);
  });

  test("after it was away, cursors from before hear a gap and everything since, those from after miss nothing", async (t) => {
    breakTable(t);
    await edge.broadcast("AWAY", updatesFrom(1, 4));
    const closeAtMs = pastMs();
    await moveAway(edge, "AWAY", { closeAtMs });
    await moveHere(edge, "AWAY", closeAtMs);
    assert.deepEqual(story(await heardBy(edge, "AWAY", `?after=${idOf(2)}`, 2)), [idOf(3), { after: idOf(3), until: null }]);

    await edge.broadcast("AWAY", updatesFrom(7, 9));
    await moveHere(edge, "AWAY", closeAtMs); // a repeat
    await edge.broadcast("AWAY", anUpdate(9));
    const assertStories = async () => {
      assert.deepEqual(story(await heardBy(edge, "AWAY", `?after=${idOf(2)}`)), [idOf(3), { after: idOf(3), until: idOf(7) }, ...[7, 8, 9].map(idOf)]);
      assert.deepEqual(story(await heardBy(edge, "AWAY", `?after=${idOf(7)}`)), [idOf(8), idOf(9)]);
    };
    await assertStories();
    await edge.probe("AWAY", "save");
    await edge.probe("AWAY", "crash");
    await assertStories();
  });

  test("that updates were missed is kept at once, and so are those before", async (t) => {
    breakTable(t);
    for (const n of [1, 2]) await edge.broadcast("AT_ONCE", anUpdate(n));
    await moveHere(edge, "AT_ONCE", Date.now());
    const { hasUnsaved, chunks } = await edge.probe("AT_ONCE", "stored");
    assert.deepEqual({ hasUnsaved, chunks }, { hasUnsaved: true, chunks: 1 });
    await edge.probe("AT_ONCE", "crash");
    assert.deepEqual(story(await heardBy(edge, "AT_ONCE", `?after=${idOf(1)}`, 2)), [idOf(2), { after: idOf(2), until: null }]);
  });

  test("updates that wait to be sent are sent and saved before", async (t) => {
    breakTable(t);
    const client = await edge.connect("WAITING");
    await client.next("GAP"); // of the new room
    await edge.probe("WAITING", "broadcastThenMove", { updates: [1, 2, 3].map((n) => anUpdate(n, { token: "WAITING" })), servedFromMs: Date.now() });
    await client.hasMessages(6);
    assert.deepEqual(story(client.received.slice(2)), [idOf(1), idOf(2), idOf(3), { after: idOf(3), until: null }]);
    await edge.probe("WAITING", "crash");
    assert.deepEqual(story(await heardBy(edge, "WAITING", `?after=${idOf(2)}`, 2)), [idOf(3), { after: idOf(3), until: null }]);
  });

  test("who listened to a room that was not served hears the gap too", async (t) => {
    breakTable(t);
    const client = await edge.connect("LISTENER");
    await client.next("GAP"); // of the new room
    await edge.broadcast("LISTENER", anUpdate(1));
    await moveHere(edge, "LISTENER", Date.now());
    await edge.broadcast("LISTENER", anUpdate(5));
    await client.hasUpdates(2);
    assert.deepEqual(story(client.received.slice(2)), [idOf(1), { after: idOf(1), until: null }, idOf(5)]);
  });

  test("an empty room stores nothing", async () => {
    const client = await edge.connect("FRESH");
    assert.deepEqual(await moveHere(edge, "FRESH", Date.now()), { success: true, connections: 1 });
    assert.deepEqual(await edge.probe("FRESH", "stored"), { hasAlarm: false, hasUnsaved: null, chunks: 0 });
    await edge.broadcast("FRESH", updatesFrom(1, 3));
    await client.hasUpdates(2);
    assert.deepEqual(story(await heardBy(edge, "FRESH", `?after=${idOf(1)}`)), [idOf(2)]);
  });
});

describe("the mover's calls", () => {
  test("a census counts, and writes nothing", async () => {
    await edge.connect("COUNT_A");
    await edge.connect("COUNT_A");
    await edge.connect("COUNT_B");
    assert.deepEqual(await edge.command("/census", { tokens: ["COUNT_A", "COUNT_B", "COUNT_C"] }), { success: true, connections: 3 });
    for (const token of ["COUNT_A", "COUNT_C"]) {
      assert.deepEqual(await edge.probe(token, "stored"), { hasAlarm: false, hasUnsaved: null, chunks: 0 });
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
    await moveAway(some, "DROPPED");
  });

  test("fail as a whole when one room does, but the others have heard it", async () => {
    await edge.probe("BROKEN", "execute", { sql: "CREATE TABLE room (one INTEGER)" });
    const client = await edge.connect("WHOLE");
    const order = { path: "aws", tokens: ["BROKEN", "WHOLE"], url: URL_OF_AWS, jitterMs: 0, closeAtMs: farMs() };
    const response = await edge.postTo("/moves", order);
    assert.equal(response.status, 500);
    assert.equal((await response.json()).error.code, "INTERNAL");
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
