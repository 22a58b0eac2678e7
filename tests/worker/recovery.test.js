import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after } from "node:test";

import { WebSocket } from "ws";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, Client, startEdge, story, until, updatesFrom } from "./support/edge.js";

const edge = await startEdge({ after });

/** @param {number} n */
const idOf = (n) => anUpdate(n).id;

/** @param {import("./support/edge.js").Edge} at @param {string} token @param {string} query @param {number} [messages] that are waited for */
async function storyOf(at, token, query, messages = 0) {
  const client = await at.connect(token, { query });
  await client.hasMessages(1 + messages);
  const heard = story(await client.settle());
  await client.close();
  return heard;
}

test("a new client gets the newest price; in a new room nothing", async () => {
  assert.deepEqual(await storyOf(edge, "NEW", ""), []);
  await edge.broadcast("NEW", updatesFrom(1, 4));
  assert.deepEqual(await storyOf(edge, "NEW", ""), [idOf(3)]);
});

test("with after, what arrived since is sent instead", async () => {
  await edge.broadcast("SINCE", [...updatesFrom(1, 4), anUpdate(0)]);
  assert.deepEqual(await storyOf(edge, "SINCE", `?after=${idOf(2)}`), [idOf(3), idOf(0)]);
  assert.deepEqual(await storyOf(edge, "SINCE", `?after=${idOf(0)}`), []);
});

test("500 missed updates are replayed, more are a GAP", async () => {
  await edge.broadcast("LONG", updatesFrom(0, 600));
  const witness = await edge.connect("LONG");
  await until("the last update", async () => witness.updates.at(-1)?.id === idOf(599));
  assert.deepEqual(await storyOf(edge, "LONG", `?after=${idOf(99)}`), updatesFrom(100, 600).map(({ id }) => id));
  assert.deepEqual((await storyOf(edge, "LONG", `?after=${idOf(98)}`)).slice(0, 2), [{ after: idOf(98), until: idOf(100) }, idOf(100)]);
});

test("an unknown cursor is a GAP, in an empty room too", async () => {
  assert.deepEqual(await storyOf(edge, "EMPTY", `?after=${idOf(7)}`), [{ after: idOf(7), until: null }]);
  await edge.broadcast("UNKNOWN", updatesFrom(5, 7));
  assert.deepEqual(await storyOf(edge, "UNKNOWN", `?after=${idOf(3)}`), [{ after: idOf(3), until: idOf(5) }, idOf(5), idOf(6)]);
});

test("latest with after gets the newest only, or a GAP", async () => {
  await edge.broadcast("NEWEST", updatesFrom(1, 5));
  assert.deepEqual(await storyOf(edge, "NEWEST", `?delivery=latest&after=${idOf(1)}`), [idOf(4)]);
  assert.deepEqual(await storyOf(edge, "NEWEST", `?delivery=latest&after=${idOf(4)}`), []);
  assert.deepEqual(await storyOf(edge, "NEWEST", `?delivery=latest&after=${idOf(9)}`), [{ after: idOf(9), until: null }]);
});

test("a room stores nothing before its first broadcast", async () => {
  const client = await edge.connect("QUIET", { query: `?after=${idOf(1)}` });
  client.send("hello");
  await client.settle();
  await client.close();
  await edge.broadcast("QUIET", []);
  assert.deepEqual(await edge.probe("QUIET", "stored"), { hasAlarm: false, hasUnsaved: null, chunks: 0 });
});

test("the first update after a quiet time is saved at once, without an alarm", async () => {
  await edge.broadcast("QUIET_FIRST", anUpdate(1));
  assert.deepEqual(await edge.probe("QUIET_FIRST", "stored"), { hasAlarm: false, hasUnsaved: false, chunks: 1 });
});

test("later broadcasts write only that something is unsaved; the save comes later, as one row", async () => {
  for (let n = 0; n < 20; n += 1) await edge.broadcast("BEHIND", anUpdate(n));
  assert.deepEqual(await edge.probe("BEHIND", "stored"), { hasAlarm: true, hasUnsaved: true, chunks: 1 });
  await edge.probe("BEHIND", "save");
  const joined = { hasAlarm: false, hasUnsaved: false, chunks: 1 };
  assert.deepEqual(await edge.probe("BEHIND", "stored"), joined);
});

test("lone updates share a row, also when the room forgets between them: each costs about one written row", async () => {
  const lone = 64;
  await edge.broadcast("LONE", anUpdate(0)); // makes the tables
  const before = await edge.probe("LONE", "rowsWritten");
  for (let n = 0; n < lone; n += 1) {
    await edge.broadcast("LONE", anUpdate(n));
    await edge.probe("LONE", "crash");
  }
  const rows = (await edge.probe("LONE", "rowsWritten")) - before;
  assert.ok(rows >= lone - 1 && rows <= 1.1 * lone, `${rows} rows for ${lone} updates`);
  assert.deepEqual(await edge.probe("LONE", "stored"), { hasAlarm: false, hasUnsaved: false, chunks: 2 });
  assert.deepEqual(await storyOf(edge, "LONE", `?after=${idOf(1)}`), updatesFrom(2, lone).map(({ id }) => id));
});

test("a busy room puts the save off, but not for longer than a minute", async () => {
  await edge.broadcast("BUSY", anUpdate(0));
  await edge.broadcast("BUSY", anUpdate(1));
  await edge.probe("BUSY", "busyAfter", { ms: LIMITS.saveIdleMs, update: anUpdate(2, { token: "BUSY" }) });
  const { hasAlarm, hasUnsaved } = await edge.probe("BUSY", "stored");
  assert.deepEqual({ hasAlarm, hasUnsaved }, { hasAlarm: true, hasUnsaved: true });
  await edge.probe("BUSY", "busyAfter", { ms: LIMITS.saveBusyMs, update: anUpdate(3, { token: "BUSY" }) });
  assert.equal((await edge.probe("BUSY", "stored")).hasUnsaved, false);
});

test("after a save, a lost memory is not noticed", async () => {
  await edge.broadcast("CLEAN", updatesFrom(1, 5));
  await edge.probe("CLEAN", "save");
  await edge.probe("CLEAN", "crash");
  assert.deepEqual(await storyOf(edge, "CLEAN", ""), [idOf(4)]);
  assert.deepEqual(await storyOf(edge, "CLEAN", `?after=${idOf(2)}`), [idOf(3), idOf(4)]);
  await edge.broadcast("CLEAN", updatesFrom(4, 6));
  assert.deepEqual(await storyOf(edge, "CLEAN", `?after=${idOf(2)}`), [idOf(3), idOf(4), idOf(5)]);
});

test("an unclean wake that cannot heal ends the epoch: a GAP, also after the next save and for updates that were saved", async (t) => {
  edge.rest.status = 500;
  t.after(() => void (edge.rest.status = 200));
  await edge.broadcast("CRASH", updatesFrom(1, 3));
  await edge.probe("CRASH", "save");
  await edge.broadcast("CRASH", anUpdate(3)); // taken, and lost
  await edge.probe("CRASH", "crash");
  assert.deepEqual(await storyOf(edge, "CRASH", `?after=${idOf(1)}`, 2), [idOf(2), { after: idOf(2), until: null }]);
  await edge.broadcast("CRASH", anUpdate(4));
  await edge.probe("CRASH", "save");
  await edge.probe("CRASH", "crash");
  assert.deepEqual(await storyOf(edge, "CRASH", `?after=${idOf(1)}`), [idOf(2), { after: idOf(2), until: idOf(4) }, idOf(4)]);
  assert.deepEqual(await storyOf(edge, "CRASH", `?after=${idOf(3)}`), [{ after: idOf(3), until: idOf(4) }, idOf(4)]);
  assert.deepEqual(await storyOf(edge, "CRASH", `?after=${idOf(4)}`), []);
});

test("a crash drops sockets, and the room serves again", async () => {
  const client = await edge.connect("DROP");
  await edge.broadcast("DROP", anUpdate(1));
  await edge.probe("DROP", "crash");
  assert.equal((await client.isClosed()).code, 1006);
  const again = await edge.connect("DROP");
  await edge.broadcast("DROP", anUpdate(2));
  await again.hasUpdates(1);
});

test("a restart with its storage kept changes nothing", async (t) => {
  const persist = mkdtempSync(path.join(os.tmpdir(), "glow-rooms-"));
  t.after(async () => rmSync(persist, { recursive: true }));
  const before = await startEdge(t, { persist });
  await before.broadcast("KEPT", [anUpdate(9), ...updatesFrom(1, 4)]);
  for (const n of [1, 2]) await before.broadcast("LOST", anUpdate(n));
  await before.probe("KEPT", "save");
  await before.stop();

  const then = await startEdge(t, { persist });
  then.rest.status = 500;
  assert.deepEqual(await storyOf(then, "KEPT", ""), [idOf(9)]);
  assert.deepEqual(await storyOf(then, "KEPT", `?after=${idOf(1)}`), [idOf(2), idOf(3)]);
  await then.broadcast("KEPT", [anUpdate(3), anUpdate(10)]);
  assert.deepEqual(await storyOf(then, "KEPT", `?after=${idOf(1)}`), [idOf(2), idOf(3), idOf(10)]);
  assert.deepEqual(await storyOf(then, "LOST", `?after=${idOf(1)}`, 1), [{ after: idOf(1), until: null }]);
});

test("a Worker that is a version newer is understood: unknown fields and parameters do no harm", async () => {
  const socket = new WebSocket(edge.socketUrl("SKEW", "?colo=XYZ&after=&shape=compact").replace("/ws/", "/probe/ws/"));
  const client = new Client(socket);
  assert.equal((await client.next("connected")).colo, "XYZ");
  const update = { ...anUpdate(1), token: "SKEW", quote: "USDC" };
  assert.equal((await edge.probe("SKEW", "broadcast", { updates: [update], reason: "retry" })).connections, 1);
  assert.deepEqual((await client.hasUpdates(1))[0], update);
});

test("a Worker that is a version older is understood: every parameter may be missing", async () => {
  const client = new Client(new WebSocket(edge.socketUrl("OLDER").replace("/ws/", "/probe/ws/")));
  assert.equal((await client.next("connected")).colo, "");
});
