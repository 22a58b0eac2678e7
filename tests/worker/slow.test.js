import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test, { after } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, NEWEST_WORKERD, startEdge, until, updatesFrom } from "./support/edge.js";
import { farMs, moveAway } from "./support/moves.js";

/** The workerd that miniflare installs. Its sockets have no `bufferedAmount`. */
const OLDER_WORKERD = createRequire(createRequire(import.meta.url).resolve("miniflare")).resolve("workerd/bin/workerd");
assert.notEqual(OLDER_WORKERD, NEWEST_WORKERD);

const edge = await startEdge({ after }, { vars: { WINDOW_MS: "1", MAX_BUFFERED_BYTES: "65536" } });

/** @param {any[]} updates */
const ids = (updates) => updates.map(({ id }) => id);

test("a client that stops reading is held back, its neighbours are not, and it goes on where it stopped", async () => {
  const [slow, quick] = [await edge.connect("RESUME"), await edge.connect("RESUME")];
  slow.socket.pause();
  const posted = await edge.broadcastUntilStalled("RESUME");
  await edge.broadcast("RESUME", updatesFrom(posted, posted + 50));
  await quick.hasUpdates(posted + 50);

  slow.socket.resume();
  await slow.hasUpdates(posted + 50);
  assert.deepEqual(ids(slow.updates), ids(updatesFrom(0, posted + 50)));
  assert.ok(slow.received.every(({ type }) => type !== "GAP"));
  assert.equal(await edge.probe("RESUME", "stalled"), 0);
});

test("a client that is held back hears where to go with its own cursor, and goes on while the grace lasts", async () => {
  const slow = await edge.connect("MOVE");
  slow.socket.pause();
  let closeAtMs = farMs();
  let posted = 0;
  do {
    // Before the order comes, the kernels' socket buffers may take what was stalled. Then try again with another order.
    posted = await edge.broadcastUntilStalled("MOVE", posted);
    await moveAway(edge, "MOVE", { closeAtMs: (closeAtMs += 1) });
  } while ((await edge.probe("MOVE", "stalled")) === 0);

  slow.socket.resume();
  await slow.hasUpdates(posted);
  assert.deepEqual(ids(slow.updates), ids(updatesFrom(0, posted)));
  const at = slow.received.findLastIndex(({ type }) => type === "MOVED");
  assert.equal(slow.received[at].after, slow.received[at - 1].updates.at(-1).id);
  assert.notEqual(slow.received[at].after, anUpdate(posted - 1).id);
});

test("a client that reads again after the ring has moved on hears a GAP", async () => {
  const slow = await edge.connect("GAP");
  slow.socket.pause();
  const posted = await edge.broadcastUntilStalled("GAP");
  await edge.broadcast("GAP", updatesFrom(posted, posted + 1000));

  slow.socket.resume();
  const last = anUpdate(posted + 999).id;
  await until("the last update", () => slow.updates.at(-1)?.id === last, () => slow.updates.at(-1));
  const at = slow.received.findIndex(({ type }) => type === "GAP");
  const { after: from, until: to } = slow.received[at];
  assert.equal(from, slow.received[at - 1].updates.at(-1).id);
  assert.equal(to, slow.received[at + 1].updates[0].id);
  assert.deepEqual(ids(slow.updates.slice(-LIMITS.replayUpdates)), ids(updatesFrom(posted + 500, posted + 1000)));
});

test("a runtime without bufferedAmount sends at most 1 MiB to a client that gives no sign of life", async (t) => {
  const older = await startEdge(t, { workerd: OLDER_WORKERD, vars: { WINDOW_MS: "0" } });
  const [silent, lively] = [await older.connect("ACK"), await older.connect("ACK")];
  let bytes = 0;
  silent.socket.on("message", (data) => (bytes += data.length));
  const pings = setInterval(() => lively.send({ type: "ping" }), 20);
  t.after(async () => clearInterval(pings));

  const posted = await older.broadcastUntilStalled("ACK");
  await older.broadcast("ACK", updatesFrom(posted, posted + 3000));
  await lively.hasUpdates(posted + 3000);
  assert.ok(bytes <= LIMITS.unacknowledgedBytes + LIMITS.frameBytes, `${bytes} bytes`);
  assert.ok(lively.received.every(({ type }) => type !== "GAP"));

  const last = anUpdate(posted + 2999).id;
  silent.send({ type: "ping" });
  await until("the last update", () => silent.updates.at(-1)?.id === last, () => silent.updates.at(-1));
  assert.equal(silent.received.filter(({ type }) => type === "GAP").length, 1);
});
