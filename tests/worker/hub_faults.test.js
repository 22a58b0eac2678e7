/** What clients of a hub hear when a room, the hub or a client fails, is full, or moves. */

import assert from "node:assert/strict";
import test, { after } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { anUpdate, Client, largeUpdates, startEdge, story, until, updatesFrom } from "./support/edge.js";
import { follow, hears, idsOf, isServed, ofType, subscribedTokens, subscribeTo } from "./support/live.js";
import { farMs, moveAway, movedMessage, moveHere, pastMs } from "./support/moves.js";

const edge = await startEdge({ after });

/** @param {number} from @param {number} to not included */
const ids = (from, to) => updatesFrom(from, to).map(({ id }) => id);

test("a room that is reset loses nothing for the clients of a hub, and repeats nothing", async () => {
  const client = await follow(edge, ["RESET", "BESIDE"]);
  await edge.broadcast("RESET", updatesFrom(1, 3));
  await edge.broadcast("RESET", anUpdate(3)); // which is not saved yet
  await client.hasUpdates(3);
  edge.rest.prices.set("RESET", updatesFrom(1, 6)); // two of them were traded while the room was not there
  await edge.probe("RESET", "crash");
  await edge.broadcast("BESIDE", anUpdate(9));
  await edge.broadcast("RESET", anUpdate(6));
  await until("the last", () => idsOf(client, "RESET").at(-1) === anUpdate(6).id, () => client.received.slice(-3));
  assert.deepEqual(idsOf(client, "RESET"), ids(1, 7));
  assert.deepEqual(idsOf(client, "BESIDE"), [anUpdate(9).id]);
  assert.deepEqual(ofType(client.received, "GAP"), []);
});

test("a hub that is reset drops its clients, and they come back with their cursors", async (t) => {
  const own = await startEdge(t);
  const clients = [await follow(own, ["A", "B"]), await follow(own, ["A", "C"])];
  for (const token of ["A", "B", "C"]) await own.broadcast(token, updatesFrom(1, 4));
  for (const client of clients) await client.hasUpdates(6);
  await own.probe("0", "crashHub");
  for (const client of clients) assert.equal((await client.isClosed()).code, 1006);

  for (const token of ["A", "B", "C"]) await own.broadcast(token, updatesFrom(4, 6));
  const back = [await own.connectLive(), await own.connectLive()];
  back[0].send(subscribeTo([{ token: "A", after: anUpdate(3).id }, { token: "B", after: anUpdate(3).id }]));
  back[1].send(subscribeTo([{ token: "A", after: anUpdate(2).id }, { token: "C", after: anUpdate(1).id }])); // it had read less
  await back[0].hasUpdates(4);
  await back[1].hasUpdates(7);
  assert.deepEqual([idsOf(back[0], "A"), idsOf(back[0], "B"), idsOf(back[1], "A"), idsOf(back[1], "C")], [ids(4, 6), ids(4, 6), ids(3, 6), ids(2, 6)]);
  for (const client of back) assert.deepEqual(ofType(client.received, "GAP"), []);
});

test("a cursor that nobody knows is answered with GAP, in the room and in the hub", async () => {
  await edge.broadcast("GAP", updatesFrom(5, 7));
  for (const _ of ["the first opens the room", "the second is served by the hub"]) {
    const client = await follow(edge, [{ token: "GAP", after: anUpdate(1).id }]);
    await client.hasUpdates(2);
    assert.deepEqual(story(client.received.slice(2)), [{ after: anUpdate(1).id, until: anUpdate(5).id }, ...ids(5, 7)]);
    assert.equal(ofType(client.received, "GAP")[0].token, "GAP");
  }
});

test("a token moves away while others go on, and the hub serves it until the room closes", async () => {
  const client = await follow(edge, ["MOVE", "STAY"]);
  await edge.broadcast("MOVE", anUpdate(1));
  await client.hasUpdates(1);
  await moveAway(edge, "MOVE", { closeAtMs: farMs() });
  assert.deepEqual(await hears(client, "MOVED"), [movedMessage("MOVE", anUpdate(1).id)]);
  await edge.broadcast("MOVE", anUpdate(2));
  await edge.broadcast("STAY", anUpdate(3));
  await client.hasUpdates(3);

  const late = await follow(edge, ["MOVE"]);
  assert.deepEqual(await hears(late, "MOVED"), [movedMessage("MOVE", anUpdate(2).id)]);

  await moveAway(edge, "MOVE", { closeAtMs: pastMs() });
  const told = await hears(client, "MOVED", 3); // the order, and the end
  assert.equal(told.at(-1).jitterMs, 0);
  client.send({ action: "subscribePrice", token: "MOVE", after: anUpdate(1).id });
  assert.deepEqual((await hears(client, "MOVED", 4)).at(-1), movedMessage("MOVE", anUpdate(1).id, 0));
  assert.deepEqual(subscribedTokens(client.received).sort(), ["MOVE", "STAY"]);
  await edge.broadcast("STAY", anUpdate(4));
  await client.hasUpdates(4);
});

test("a token that is called back within the grace moves nobody who comes later", async () => {
  const client = await follow(edge, ["BACK"]);
  await edge.broadcast("BACK", anUpdate(1));
  await moveAway(edge, "BACK");
  await hears(client, "MOVED");
  await moveHere(edge, "BACK", Date.now());
  await edge.broadcast("BACK", anUpdate(2));
  await client.hasUpdates(2);
  const late = await follow(edge, ["BACK"]);
  await late.hasUpdates(1);
  assert.deepEqual(ofType(await late.settle(), "MOVED"), []);
});

/**
 * Two clients of `tokens`, one of which does not read any more.
 * @param {import("./support/edge.js").Edge} own
 * @param {readonly string[]} tokens
 */
async function oneSlow(own, tokens) {
  const slow = new Client(own.openLive({}, { perMessageDeflate: false })); // or the network would hold far more
  await slow.next("connected");
  slow.send(subscribeTo(tokens));
  await isServed(slow, tokens.length);
  const quick = await follow(own, tokens);
  slow.socket.pause();
  let posted = 0;
  /** Posts, no faster than the hub reads, or rooms would hold the hub back. @param {number} count */
  const post = async (count) => {
    for (const end = posted + count; posted < end; posted += 400) {
      for (const token of tokens) await own.broadcast(token, largeUpdates(posted, posted + 400));
      await quick.hasUpdates(tokens.length * (posted + 400));
    }
    return posted;
  };
  const isHeld = async () => (await own.probe("", "held")) > 0;
  while (!(await isHeld())) await post(400);
  return { slow, quick, post, isHeld };
}

/** @param {Client} client @param {readonly string[]} tokens @param {number} count posted */
const hasLast = (client, tokens, count) =>
  until("the end of all", () => tokens.every((token) => idsOf(client, token).at(-1) === anUpdate(count - 1).id), () => client.updates.length);

test("a slow client is held back among fast ones, and goes on where it stopped, over all its tokens", async (t) => {
  const own = await startEdge(t, { vars: { WINDOW_MS: "1", MAX_BUFFERED_BYTES: "65536" } });
  const { slow, quick, post } = await oneSlow(own, ["X", "Y"]);
  const posted = await post(800);
  slow.socket.resume();
  await hasLast(slow, ["X", "Y"], posted);
  for (const client of [slow, quick]) for (const token of ["X", "Y"]) assert.deepEqual(idsOf(client, token), ids(0, posted));
  assert.deepEqual(ofType(slow.received, "GAP"), []);
  assert.equal(await own.probe("", "held"), 0);
});

test("a client that reads again after the hub's ring has moved on hears a GAP of each token, and no other", async (t) => {
  const own = await startEdge(t, { vars: { WINDOW_MS: "1", MAX_BUFFERED_BYTES: "65536" } });
  const { slow, quick, post, isHeld } = await oneSlow(own, ["X", "Y"]);
  const more = Math.ceil(LIMITS.hubRingBytes / JSON.stringify(largeUpdates(0, 1)).length / 2 / 400) * 400 + 800;
  let posted;
  do posted = await post(more); while (!(await isHeld())); // the kernels' socket buffers may grow and take it all
  slow.socket.resume();
  await hasLast(slow, ["X", "Y"], posted);
  for (const token of ["X", "Y"]) {
    const gaps = ofType(slow.received, "GAP").filter((message) => message.token === token);
    const heard = idsOf(slow, token);
    const at = heard.indexOf(gaps[0].until);
    assert.deepEqual(gaps.map((message) => message.after), [null]);
    assert.deepEqual(heard, [...ids(0, at), ...ids(posted - (heard.length - at), posted)]);
    assert.ok(heard.length < posted);
    assert.deepEqual(idsOf(quick, token), ids(0, posted));
  }
});

test("a hub that is full sends clients to another one, and all hear", async (t) => {
  const own = await startEdge(t, { vars: { MAX_CLIENTS_PER_HUB: "1" } });
  const clients = [];
  for (const _ of [1, 2, 3]) clients.push(await follow(own, ["FULL"]));
  assert.equal((await own.broadcast("FULL", anUpdate(1))).connections, 3);
  for (const client of clients) await client.hasUpdates(1);
});

test("where every hub is full, a client is told when to come back", async (t) => {
  const own = await startEdge(t, { vars: { MAX_CLIENTS_PER_HUB: "0" } });
  const { status, headers } = await own.refusalOf(own.openLive());
  assert.deepEqual([status, headers["retry-after"]], [503, String(LIMITS.retryAfterSeconds)]);
});

test("a client whose tokens have no place in a nearly full hub comes back to another one", async (t) => {
  const own = await startEdge(t, { vars: { MAX_TOKENS_PER_HUB: "5" } });
  const first = await follow(own, ["A", "B", "C", "D"]);
  const sentAway = await own.connectLive();
  sentAway.send(subscribeTo(["D", "X"]));
  await isServed(sentAway, 2);
  sentAway.send(subscribeTo(["Y"]));
  const { code, reason } = await sentAway.isClosed();
  assert.deepEqual({ code, reason, reconnect: true }, CLOSE.HUB_FULL);
  await until("a log line", () => own.logs.join("").includes("hub_client_sent_away"), () => own.logs.slice(-3));

  const back = await follow(own, ["D", "X", "Y"]);
  for (const token of ["A", "D", "X"]) await own.broadcast(token, anUpdate(1));
  await first.hasUpdates(2);
  await back.hasUpdates(2);
});

test("the end of the clients that filled a hub makes it a hub for all again", async (t) => {
  const own = await startEdge(t, { vars: { MAX_TOKENS_PER_HUB: "2" } });
  const holds = await follow(own, ["A"]);
  const sentAway = await own.connectLive();
  sentAway.send(subscribeTo(["X", "Y"]));
  assert.equal((await sentAway.isClosed()).code, CLOSE.HUB_FULL.code);
  assert.equal(await own.probe("0", "hubStatus"), 503);
  await holds.close();
  await until("the hub to have room", async () => (await own.probe("0", "hubStatus")) === 101);
});

test("more tokens than any hub may have are refused, and the client goes on", async (t) => {
  const own = await startEdge(t, { vars: { MAX_TOKENS_PER_HUB: "2" } });
  const client = await follow(own, ["A"]);
  client.send(subscribeTo(["B", "C"]));
  const [{ code, message }] = await hears(client, "ERROR");
  assert.deepEqual([code, message.includes("at most 2 tokens")], ["TOO_MANY_TOKENS", true]);
  await own.broadcast("A", anUpdate(1));
  await client.hasUpdates(1);
});

test("a full room answers 503 and when to come back, and has a seat for a hub", async (t) => {
  const own = await startEdge(t, { vars: { MAX_CONNECTIONS_PER_ROOM: "1" } });
  const alone = await own.connect("ROOM");
  const { status, headers } = await own.refusal("ROOM", { query: "?hub=1" });
  assert.deepEqual([status, headers["retry-after"]], [503, String(LIMITS.retryAfterSeconds)]);
  const client = await follow(own, ["ROOM"]);
  assert.equal((await own.broadcast("ROOM", anUpdate(1))).connections, 2);
  for (const each of [alone, client]) await each.hasUpdates(1);
});

test("nobody is a hub who says so outside", async () => {
  await edge.connect("POSER", { query: "?hub=500" });
  assert.equal((await edge.broadcast("POSER", [])).connections, 1);
});

test("one network cannot fill a hub", async (t) => {
  const own = await startEdge(t, { vars: { MAX_CLIENTS_PER_HUB: "4" } });
  const near = { "cf-connecting-ip": "203.0.113.1" };
  await own.connectLive(near);
  assert.equal((await own.refusalOf(own.openLive(near))).status, 429);
  await own.connectLive();
});

test("rooms are opened six at a time, first those with the most followers", async (t) => {
  const own = await startEdge(t);
  await own.probe("", "doors", { delayMs: 100 });
  const tokens = Array.from({ length: 40 }, (_, n) => `T${n}`);
  const [one, two] = [await own.connectLive(), await own.connectLive()];
  one.send(subscribeTo(tokens));
  two.send(subscribeTo(["T39", "T38"]));
  await isServed(one, tokens.length);
  await isServed(two, 2);
  const opens = await own.probe("", "opens");
  assert.equal(opens.most, LIMITS.opensAtOnce);
  const turns = ["T39", "T38"].map((token) => opens.tokens.indexOf(token));
  assert.ok(turns.every((turn) => turn < 3 * LIMITS.opensAtOnce), `${turns}`);
  for (const token of tokens) await own.broadcast(token, anUpdate(1));
  await one.hasUpdates(tokens.length);
  await two.hasUpdates(2);
});

test("a token that everybody has left while its room was being opened is let go", async (t) => {
  const own = await startEdge(t);
  await own.probe("", "doors", { delayMs: 200 });
  const client = await own.connectLive();
  client.send({ action: "subscribePrice", token: "GONE" });
  client.send({ action: "unsubscribePrice", token: "GONE" });
  await hears(client, "UNSUBSCRIBED");
  await until("the room to be opened and left", async () => (await own.probe("", "opens")).now === 0 && (await own.probe("GONE", "sockets")) === 0);
  client.send({ action: "subscribePrice", token: "GONE" });
  await isServed(client, 1);
  await own.broadcast("GONE", anUpdate(1));
  await client.hasUpdates(1);
});

test("a hub without clients lets go of its rooms", async () => {
  const clients = [await follow(edge, ["LEFT_A", "LEFT_B"]), await follow(edge, ["LEFT_A"])];
  assert.equal(await edge.probe("LEFT_A", "sockets"), 1, "the hub");
  await clients[0].close();
  await until("the room that nobody follows", async () => (await edge.probe("LEFT_B", "sockets")) === 0);
  assert.equal(await edge.probe("LEFT_A", "sockets"), 1);
  clients[1].socket.terminate();
  await until("the other one", async () => (await edge.probe("LEFT_A", "sockets")) === 0);
});

test("a client that closes is answered with its own code", async () => {
  const client = await follow(edge, ["CLOSE"]);
  client.socket.close(4321);
  assert.equal((await client.isClosed()).code, 4321);
});
