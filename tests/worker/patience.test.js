/** Tests that must wait for real time: hibernation comes after 10 idle seconds, a stalled client is closed after 30 s. */

import assert from "node:assert/strict";
import test, { after, describe } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { accessToken, variables } from "./support/access_tokens.js";
import { anUpdate, largeUpdates, startEdge, until, updatesFrom } from "./support/edge.js";
import { moveAway } from "./support/moves.js";

const edge = await startEdge({ after });
const IDLE_MS = 10_000; // facts/cloudflare.md §4

/** Waits until a room hibernates. Polling it would keep it awake. */
const idle = () => new Promise((resolve) => setTimeout(resolve, LIMITS.saveIdleMs + IDLE_MS + 2_000));

describe("patience", { concurrency: true }, () => {
  test("a room that hibernated has its sockets, prices and ids", async () => {
    const room = "SLEEP";
    const [full, latest] = [await edge.connect(room), await edge.connect(room, { query: "?delivery=latest" })];
    await edge.broadcast(room, updatesFrom(1, 4));
    await Promise.all([full.hasUpdates(3), latest.hasUpdates(1)]);
    const wakes = await edge.probe(room, "wakes");

    await idle();
    await full.settle(); // a ping
    assert.equal(await edge.probe(room, "wakes"), wakes, "a ping does not wake the room");
    assert.deepEqual(await edge.broadcast(room, [anUpdate(3), anUpdate(5), anUpdate(4)]), { success: true, connections: 2 });
    assert.equal(await edge.probe(room, "wakes"), wakes + 1, "the room had hibernated");

    await full.hasUpdates(5);
    assert.deepEqual(full.updates.map(({ id }) => id), [1, 2, 3, 5, 4].map((n) => anUpdate(n).id));
    await latest.settle();
    assert.deepEqual(latest.updates.map(({ id }) => id), [3, 5].map((n) => anUpdate(n).id));

    const resumed = await edge.connect(room, { query: `?after=${anUpdate(2).id}` });
    await resumed.hasUpdates(3);
    assert.ok(resumed.received.every(({ type }) => type !== "GAP"), "the alarm had saved all");
    await full.close();
    assert.equal((await edge.broadcast(room, anUpdate(6))).connections, 2);
  });

  test("a room that hibernated within the grace of a move closes its clients at the end of it", async (t) => {
    const leaving = await startEdge(t); // a separate edge, because wakes are counted for all its rooms together
    const clients = [await leaving.connect("LEAVE"), await leaving.connect("LEAVE")];
    const closeAtMs = Date.now() + IDLE_MS + 5_000;
    await moveAway(leaving, "LEAVE", { closeAtMs });
    const wakes = await leaving.probe("LEAVE", "wakes");
    for (const client of clients) {
      await client.next("MOVED");
      assert.equal((await client.isToldToClose(2 * IDLE_MS)).code, CLOSE.MOVED.code);
    }
    assert.ok(Date.now() >= closeAtMs);
    assert.equal(await leaving.probe("LEAVE", "wakes"), wakes + 1, "the room had hibernated");
  });

  test("a room that hibernated closes a client when its access token expires, and is not woken for another", async (t) => {
    const closed = await startEdge(t, { vars: variables() });
    const [short, long] = [IDLE_MS / 1000 + 5, 3600].map((endsIn) => accessToken(["SHORT"], { endsIn }));
    const client = await closed.connect("SHORT", { query: `?access_token=${short}` });
    const other = await closed.connect("SHORT", { query: `?access_token=${long}` });
    const wakes = await closed.probe("SHORT", "wakes");
    assert.equal((await client.isToldToClose(2 * IDLE_MS)).code, CLOSE.TOKEN_EXPIRED.code);
    assert.equal(await closed.probe("SHORT", "wakes"), wakes + 1, "the room had hibernated");
    await other.settle();
    assert.equal(other.closed, null);
  });

  test("a client of a hub that shows no access token for 30 s is closed, so that it keeps no seat", async (t) => {
    const closed = await startEdge(t, { vars: variables() });
    const [silent, shown] = [await closed.connectLive(), await closed.connectLive()];
    shown.send({ action: "authorize", token: accessToken("*", { endsIn: 3600 }) });
    await shown.next("AUTHORIZED");
    assert.equal((await silent.isClosed(2 * LIMITS.authorizeMs)).code, CLOSE.TOKEN_EXPIRED.code);
    assert.equal(shown.closed, null);
  });

  test("a client that does not read for 30 s is closed with 4008, and can come back", async (t) => {
    const busy = await startEdge(t, { vars: { WINDOW_MS: "1" } });
    const slow = await busy.connect("SLOW");
    slow.socket.pause();
    let posted = 0;
    let notStalledAtMs = NaN;
    const isGivenUp = () => busy.logs.join("").includes("closed_slow_client");
    // The kernels' socket buffers may grow and take what was stalled. Then more must be sent.
    const hasGivenUp = async () => {
      while ((await busy.probe("SLOW", "stalled")) === 0 && !isGivenUp()) {
        notStalledAtMs = Date.now();
        await busy.broadcast("SLOW", largeUpdates(posted, (posted += 2500)));
      }
      return isGivenUp();
    };
    await until("the room to give up", hasGivenUp, () => busy.logs, 8 * LIMITS.stallMs);
    assert.ok(Date.now() - notStalledAtMs >= LIMITS.stallMs - LIMITS.stallCheckMs);

    slow.socket.resume();
    // Observed: the close frame comes at once, the end of the connection about 10 s later (probably when the room
    // hibernates).
    const { code, reason } = await slow.isClosed(2 * IDLE_MS);
    assert.deepEqual([code, reason], [CLOSE.TOO_SLOW.code, CLOSE.TOO_SLOW.reason]);
    const last = slow.updates.at(-1).id;
    const again = await busy.connect("SLOW", { query: `?after=${last}` });
    await again.hasUpdates(1);
  });
});
