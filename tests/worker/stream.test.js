import assert from "node:assert/strict";
import test, { after } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, startEdge, until, updatesFrom } from "./support/edge.js";

const edge = await startEdge({ after });

/** @param {any[]} messages */
const types = (messages) => messages.map(({ type }) => type);
/** @param {any[]} updates */
const ids = (updates) => updates.map(({ id }) => id);

test("a lone update leaves at once, as one object", async () => {
  const client = await edge.connect("LONE");
  await edge.broadcast("LONE", anUpdate(1));
  assert.deepEqual(await client.next("PRICE_UPDATE"), anUpdate(1, { token: "LONE" }));
});

test("updates within the pause after it leave together", async () => {
  const client = await edge.connect("WINDOW");
  const updates = [1, 2, 3].map((n) => anUpdate(n, { token: "WINDOW" }));
  await edge.probe("WINDOW", "broadcastEach", { updates });
  assert.deepEqual(await client.next("PRICE_UPDATE"), updates[0]);
  assert.deepEqual(await client.next("PRICE_BATCH"), { type: "PRICE_BATCH", token: "WINDOW", updates: updates.slice(1) });
});

test("one update within the pause leaves as an object, not a batch of one", async () => {
  const client = await edge.connect("ALONE");
  await edge.probe("ALONE", "broadcastEach", { updates: [1, 2].map((n) => anUpdate(n, { token: "ALONE" })) });
  await client.next("PRICE_UPDATE");
  await client.next("PRICE_UPDATE");
});

test("an array leaves in frames of at most 100 updates, in its order", async () => {
  const client = await edge.connect("ARRAY");
  await edge.broadcast("ARRAY", updatesFrom(0, 250));
  assert.deepEqual(ids(await client.hasUpdates(250)), ids(updatesFrom(0, 250)));
  assert.deepEqual(client.received.slice(1).map(({ updates }) => updates.length), [100, 100, 50]);
});

test("as large an array as the retry lane may owe reaches a reading client whole, in its order", async () => {
  const quick = await startEdge({ after });
  const client = await quick.connect("OWED");
  await quick.broadcast("OWED", updatesFrom(0, 5000));
  assert.deepEqual(ids(await client.hasUpdates(5000)), ids(updatesFrom(0, 5000)));
  assert.ok(!types(client.received).includes("GAP"));
});

test("a repeated id is answered with success and sent once", async () => {
  const client = await edge.connect("REPEAT");
  for (const body of [anUpdate(1), anUpdate(1), [anUpdate(1), anUpdate(2), anUpdate(2)], anUpdate(3)]) await edge.broadcast("REPEAT", body);
  await client.hasUpdates(3);
  await client.settle();
  assert.deepEqual(ids(client.updates), ids(updatesFrom(1, 4)));
});

test("the same post without an id is sent once", async () => {
  const client = await edge.connect("NOID");
  for (const price of [1, 1, 2]) await edge.broadcast("NOID", { price, timestamp: 1_700_000_000 });
  await client.hasUpdates(2);
  assert.deepEqual((await client.settle(), client.updates.map(({ price }) => price)), [1, 2]);
});

test("a late trade goes out live, and the next client still gets the newest", async () => {
  const client = await edge.connect("LATE");
  await edge.broadcast("LATE", anUpdate(5));
  await edge.broadcast("LATE", anUpdate(1));
  assert.deepEqual(ids(await client.hasUpdates(2)), [anUpdate(5).id, anUpdate(1).id]);
  const next = await edge.connect("LATE");
  assert.equal((await next.next("PRICE_UPDATE")).id, anUpdate(5).id);
});

test("within a slot the trade that comes later is the newest, and delivery=latest gets it", async () => {
  const [first, second] = ["zzz", "aaa"].map((name) => anUpdate(5, { txSignature: name, id: `${anUpdate(5).id.slice(0, 24)}${name}` }));
  const latest = await edge.connect("SLOT", { query: "?delivery=latest" });
  await edge.broadcast("SLOT", first);
  await edge.broadcast("SLOT", second);
  assert.deepEqual(ids(await latest.hasUpdates(2)), ids([first, second]));
  assert.equal((await (await edge.connect("SLOT")).next("PRICE_UPDATE")).id, second.id);
});

test("delivery=latest gets the newest of each window, never a batch or a late trade", async () => {
  const client = await edge.connect("LATEST", { query: "?delivery=latest" });
  await edge.broadcast("LATEST", updatesFrom(1, 4));
  assert.equal((await client.next("PRICE_UPDATE")).id, anUpdate(3).id);
  await edge.broadcast("LATEST", anUpdate(2));
  await edge.broadcast("LATEST", anUpdate(1));
  const full = await edge.connect("LATEST");
  await edge.broadcast("LATEST", [anUpdate(9), anUpdate(8)]);
  await full.hasUpdates(2);
  assert.equal((await client.next("PRICE_UPDATE")).id, anUpdate(9).id);
  assert.deepEqual(ids((await client.settle(), client.updates)), [anUpdate(3).id, anUpdate(9).id]);
});

test("a client that connects while others are written to gets each trade once, from its greeting on", async () => {
  const [last, many] = [60, LIMITS.promptSockets + LIMITS.socketsPerTask];
  const clients = await Promise.all(Array.from({ length: many }, () => edge.connect("BETWEEN")));
  for (let n = 0; n <= last; n += 1) {
    await edge.broadcast("BETWEEN", anUpdate(n));
    if (n % 10 === 0) clients.push(await edge.connect("BETWEEN"));
  }
  for (const client of clients) {
    await until("the last trade", () => client.updates.at(-1)?.id === anUpdate(last).id, () => client.updates.length);
    assert.deepEqual(ids(client.updates), ids(updatesFrom(last + 1 - client.updates.length, last + 1)));
  }
  assert.ok(clients.slice(0, many).every(({ updates }) => updates.length === last + 1));
});

test("windowMs 0 sends each update alone", async (t) => {
  const unbatched = await startEdge(t, { vars: { WINDOW_MS: "0" } });
  const client = await unbatched.connect("ZERO");
  await unbatched.broadcast("ZERO", updatesFrom(0, 120));
  await client.hasUpdates(120);
  assert.deepEqual(new Set(types(client.received.slice(1))), new Set(["PRICE_UPDATE"]));
});

test("posts at the same time all arrive", async () => {
  const client = await edge.connect("PARALLEL");
  await Promise.all(updatesFrom(0, 200).map((update) => edge.broadcast("PARALLEL", update)));
  assert.deepEqual(ids(await client.hasUpdates(200)).sort(), ids(updatesFrom(0, 200)));
});

test("no frame is larger than 32 KB", async () => {
  const token = "T".repeat(64);
  const client = await edge.connect(token);
  const sizes = [];
  client.socket.on("message", (/** @type {Buffer} */ data) => sizes.push(data.length));
  await edge.broadcast(token, updatesFrom(0, 300).map((update) => ({ ...update, txSignature: update.txSignature.padEnd(88, "s") })));
  await client.hasUpdates(300);
  assert.ok(Math.max(...sizes) <= LIMITS.frameBytes);
});
