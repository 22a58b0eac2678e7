/** What a room stores of a move, and the alarm that ends the move. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after, describe } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, startEdge, story, updatesFrom } from "./support/edge.js";
import { CLOSED_AS_MOVED, farMs, heardBy, heardTooLate, moveAway, movedMessage, pastMs, storyWithMoves } from "./support/moves.js";

const edge = await startEdge({ after }, { vars: { WINDOW_MS: "0" } });

/** @param {number} n */
const idOf = (n) => anUpdate(n).id;

describe("what was ordered is kept", () => {
  test("through a wake that is not clean", async () => {
    for (const n of [1, 2]) await edge.broadcast("UNCLEAN", anUpdate(n)); // the second is lost
    await moveAway(edge, "UNCLEAN");
    await edge.probe("UNCLEAN", "crash");
    edge.rest.status = 500;
    assert.deepEqual(storyWithMoves(await heardBy(edge, "UNCLEAN", `?after=${idOf(1)}`, 2)), [{ after: idOf(1), until: null }, movedMessage("UNCLEAN", idOf(1))]);
  });

  test("through a restart, with the time of the close", async (t) => {
    const persist = mkdtempSync(path.join(os.tmpdir(), "glow-moves-"));
    t.after(async () => rmSync(persist, { recursive: true }));
    const closeAtMs = farMs();
    const before = await startEdge(t, { persist });
    await moveAway(before, "KEPT", { closeAtMs });
    await moveAway(before, "GONE", { closeAtMs: pastMs() });
    await before.stop();

    const then = await startEdge(t, { persist });
    assert.equal(await then.probe("KEPT", "alarmMs"), closeAtMs);
    assert.deepEqual(await heardBy(then, "KEPT"), [movedMessage("KEPT", null)]);
    assert.deepEqual((await heardTooLate(then, "GONE")).closed, CLOSED_AS_MOVED);
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
    assert.deepEqual(story(await heardBy(edge, "OLD", `?after=${idOf(1)}`)), [idOf(2)]);
    await edge.broadcast("OLD", updatesFrom(2, 4)); // the first is a repeat
    await edge.probe("OLD", "save");
    await moveAway(edge, "OLD");
    await edge.probe("OLD", "crash");
    assert.deepEqual(storyWithMoves(await heardBy(edge, "OLD", `?after=${idOf(1)}`)), [idOf(2), idOf(3), movedMessage("OLD", idOf(3))]);
  });
});

describe("the one alarm", () => {
  test("saves first and closes later, also when a lost memory has to find out for what it was set", async () => {
    const closeAtMs = farMs();
    await moveAway(edge, "ALARM", { closeAtMs });
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
    for (const n of [1, 2]) await edge.broadcast("ALARM", anUpdate(n));
    assert.ok((await edge.probe("ALARM", "alarmMs")) <= Date.now() + LIMITS.saveIdleMs);
    await edge.probe("ALARM", "save");
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
    await edge.probe("ALARM", "crash");
    for (const n of [3, 4]) await edge.broadcast("ALARM", anUpdate(n));
    await edge.probe("ALARM", "save");
    assert.equal(await edge.probe("ALARM", "alarmMs"), closeAtMs);
  });

  test("closes on time although a broadcast after a lost memory wants to save later", async () => {
    const closeAtMs = Date.now() + LIMITS.saveIdleMs / 2;
    await moveAway(edge, "SOONER", { closeAtMs });
    await edge.probe("SOONER", "crash");
    for (const n of [1, 2]) await edge.broadcast("SOONER", anUpdate(n));
    const alarmMs = await edge.probe("SOONER", "alarmMs");
    assert.ok(alarmMs === closeAtMs || Date.now() >= closeAtMs, `${alarmMs}`);
  });

  test("of a move that is over does not keep a room from saving", async () => {
    await moveAway(edge, "ENDED", { closeAtMs: pastMs() });
    for (const n of [1, 3]) {
      for (const each of [n, n + 1]) await edge.broadcast("ENDED", anUpdate(each));
      assert.ok((await edge.probe("ENDED", "alarmMs")) > 0);
      await edge.probe("ENDED", "save");
      await edge.probe("ENDED", "crash");
    }
  });
});
