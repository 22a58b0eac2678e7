import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after } from "node:test";

import { WebSocket } from "ws";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { anUpdate, startEdge, until } from "./support/edge.js";

const ORIGINS = "https://app.example,http://localhost:*,null,file://";

const edge = await startEdge({ after }, { vars: { ALLOWED_ORIGINS: ORIGINS, MAX_CONNECTIONS_PER_ROOM: "3" } });

test("a client is greeted with its id and the data centre", async () => {
  const [one, two] = [await edge.connect("GREET"), await edge.connect("GREET")];
  const [{ type, connectionId, colo, ...rest }] = one.received;
  assert.deepEqual({ type, colo: typeof colo, rest }, { type: "connected", colo: "string", rest: {} });
  assert.notEqual(connectionId, two.received[0].connectionId);
});

test("a broadcast counts the open sockets", async () => {
  const client = await edge.connect("COUNT");
  assert.deepEqual(await edge.broadcast("COUNT", anUpdate(1)), { success: true, connections: 1 });
  await client.close();
  assert.deepEqual(await edge.broadcast("COUNT", anUpdate(2)), { success: true, connections: 0 });
});

test("rooms do not hear each other", async () => {
  const [one, two] = [await edge.connect("ONE"), await edge.connect("TWO")];
  await edge.broadcast("ONE", anUpdate(1));
  await one.hasUpdates(1);
  await two.settle();
  assert.deepEqual(two.updates, []);
});

for (const origin of ["https://app.example", "http://localhost:5173", "null", "file://"]) {
  test(`the Origin ${origin} may connect`, async () => {
    await (await edge.connect("ORIGIN", { headers: { origin } })).close();
  });
}

for (const origin of ["https://evil.example", "https://app.example.evil", "http://localhost.evil:1"]) {
  test(`the Origin ${origin} is forbidden`, async () => {
    assert.equal((await edge.refusal("ORIGIN", { headers: { origin } })).status, 403);
  });
}

test("no Origin may connect, unless one is required", async (t) => {
  await (await edge.connect("ORIGIN")).close();
  const strict = await startEdge(t, { vars: { REQUIRE_ORIGIN: "true" } });
  assert.equal((await strict.refusal("ORIGIN")).status, 403);
});

for (const query of ["?after=1", "?after=", "?after=%3Cscript%3E", "?delivery=all", "?delivery="]) {
  test(`${query} is a bad request`, async () => assert.equal((await edge.refusal("QUERY", { query })).status, 400));
}

test("a full room answers 503 and when to come back; a place that is given up can be taken", async () => {
  const clients = [await edge.connect("FULL"), await edge.connect("FULL"), await edge.connect("FULL")];
  const { status, headers } = await edge.refusal("FULL");
  assert.deepEqual([status, headers["retry-after"]], [503, String(LIMITS.retryAfterSeconds)]);
  await clients[0].close();
  await (await edge.connect("FULL")).close();
});

test("too many connects from one address are refused, others not", async (t) => {
  const limited = await startEdge(t, { connectsPerMinute: 2 });
  const from = (/** @type {string} */ ip) => ({ headers: { "cf-connecting-ip": ip } });
  for (const _ of [1, 2]) await (await limited.connect("RATE", from("203.0.113.1"))).close();
  const { status, headers } = await limited.refusal("RATE", from("203.0.113.1"));
  assert.deepEqual([status, headers["retry-after"]], [429, String(LIMITS.retryAfterSeconds)]);
  await (await limited.connect("RATE", from("203.0.113.2"))).close();
});

test("one network cannot fill a room", async (t) => {
  const limited = await startEdge(t, { vars: { MAX_CONNECTIONS_PER_ROOM: "8" } });
  const near = { headers: { "cf-connecting-ip": "203.0.113.1" } };
  for (const _ of [1, 2]) await limited.connect("NETWORK", near);
  const { status, headers } = await limited.refusal("NETWORK", near);
  assert.deepEqual([status, headers["retry-after"]], [429, String(LIMITS.retryAfterSeconds)]);
  await limited.connect("NETWORK", { headers: { "cf-connecting-ip": "203.0.113.2" } });
});

test("a client that the room closed has given up its seat at once", async () => {
  const clients = [await edge.connect("SEATS"), await edge.connect("SEATS"), await edge.connect("SEATS")];
  for (const client of clients) client.socket.pause(); // so that the closes are not answered
  for (const client of clients) client.send("x".repeat(LIMITS.inboundBytes + 1));
  await until("three seats", async () => (await edge.broadcast("SEATS", [])).connections === 0);
  await edge.connect("SEATS");
});

test("a client that says nothing for two minutes is closed, and may come back", async () => {
  const silent = await edge.connect("SILENT");
  await edge.probe("SILENT", "sweepAfter", { ms: LIMITS.silentMs + 1 });
  const { code, reason } = await silent.isToldToClose();
  assert.deepEqual([code, reason], [CLOSE.SILENT.code, CLOSE.SILENT.reason]);
  assert.ok(CLOSE.SILENT.reconnect);
});

for (const ping of ['{"type":"ping"}', '{ "type": "ping" }']) {
  test(`the ping ${ping} is a sign of life`, async () => {
    const token = `LIFE_${ping.length}`;
    const client = await edge.connect(token);
    const [before] = await edge.probe(token, "heardMs");
    await until("a later sign of life", async () => {
      client.send(ping);
      await client.next("pong");
      return (await edge.probe(token, "heardMs"))[0] > before;
    });
  });
}

test("rooms of another generation are others, and know their token", async (t) => {
  const persist = mkdtempSync(path.join(os.tmpdir(), "glow-generations-"));
  t.after(async () => rmSync(persist, { recursive: true }));
  const before = await startEdge(t, { persist });
  await before.broadcast("PLACE", anUpdate(1));
  await before.stop();
  const vars = { ROOM_GENERATION: "7", LOCATION_HINT: "weur" };
  const next = await startEdge(t, { persist, vars });
  next.rest.prices.set("PLACE", [anUpdate(2)]);
  const client = await next.connect("PLACE", { query: `?after=${anUpdate(1).id}` });
  const { type, token } = await client.next("GAP");
  assert.deepEqual({ type, token }, { type: "GAP", token: "PLACE" });
  assert.deepEqual(next.rest.requests.map(({ path: asked }) => asked.split("?")[0]), ["/tokens/PLACE/prices"]);
});

test("no subprotocol is chosen, whatever a client offers", async () => {
  const socket = new WebSocket(edge.socketUrl("PROTOCOL"), ["graphql-ws"]);
  const [{ headers }] = await Promise.all([
    new Promise((resolve) => socket.once("upgrade", resolve)),
    new Promise((resolve) => socket.once("error", resolve)), // the client gives up, as a browser does
  ]);
  assert.equal(headers["sec-websocket-protocol"], undefined);
});

test("pings are answered, in the exact spelling and in any other", async () => {
  const client = await edge.connect("PING");
  client.send('{"type":"ping"}');
  await client.next("pong");
  client.send('{ "type": "ping" }');
  await client.next("pong");
});

test("other messages are ignored", async () => {
  const client = await edge.connect("CHAT");
  for (const message of ["", "hello", "{", "null", "[1]"]) client.send(message);
  client.socket.send(Buffer.from([1, 2, 3]));
  assert.deepEqual((await client.settle()).map(({ type }) => type), ["connected"]);
  assert.equal(client.closed, null);
});

test("a client that sends too much is closed with 1008", async () => {
  const [large, binary] = [await edge.connect("FLOOD"), await edge.connect("FLOOD")];
  large.send("x".repeat(LIMITS.inboundBytes + 1));
  assert.equal((await large.isClosed()).code, 1008);
  binary.socket.send(Buffer.alloc(LIMITS.inboundBytes + 1));
  assert.equal((await binary.isClosed()).code, 1008);
});

test("a client that sends too often is closed with 1008, its neighbour is not", async () => {
  const [loud, quiet] = [await edge.connect("OFTEN"), await edge.connect("OFTEN")];
  for (let sent = 0; sent <= LIMITS.inboundMessages; sent += 1) loud.send("x");
  assert.equal((await loud.isClosed()).code, 1008);
  await quiet.settle();
  assert.equal(quiet.closed, null);
});

test("pings of the exact spelling do not count", async () => {
  const client = await edge.connect("PINGS");
  for (let sent = 0; sent < 3 * LIMITS.inboundMessages; sent += 1) client.send('{"type":"ping"}');
  await client.settle();
  assert.equal(client.closed, null);
});

test("a client's close is answered at once, with its own code or 1000", async () => {
  for (const [code, answered] of [[1000, 1000], [4321, 4321], [undefined, 1000]]) {
    const client = await edge.connect("CLOSE");
    const startMs = performance.now();
    client.socket.close(code);
    assert.equal((await client.isClosed()).code, answered);
    assert.ok(performance.now() - startMs < 5_000);
  }
});

test("a client that vanishes leaves the room", async () => {
  const client = await edge.connect("VANISH");
  client.socket.terminate();
  const counts = [];
  for (let n = 0; counts.at(-1) !== 0 && n < 200; n += 1) counts.push((await edge.broadcast("VANISH", anUpdate(n))).connections);
  assert.equal(counts.at(-1), 0);
});
