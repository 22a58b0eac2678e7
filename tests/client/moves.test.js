import assert from "node:assert/strict";
import test from "node:test";

import { startStack } from "./stack.js";
import { App, trade, trades, until } from "./support.js";

const MINUTE_MS = 60_000;

for (const [from, to] of /** @type {const} */ ([["aws", "edge"], ["edge", "aws"]])) {
  test(`${from} to ${to}: nothing is lost, nothing is shown twice, the old path serves until the new one does`, async (t) => {
    const stack = await startStack(t, { home: from });
    const app = new App(t, stack);
    await stack.serves(from);
    stack.publish([1, 2, 3]);
    await app.has(3);

    stack.move(to);
    stack.publish(4);
    const peer = await stack.serves(to);
    stack.publish([5, 6]);
    await app.is("live");
    stack.publish(7);
    await app.has(7);

    assert.deepEqual([app.updates, app.late], [trades(1, 8), []]);
    assert.deepEqual(peer.beside.map(({ path }) => path), [from]);
    await until("the old socket to be let go", () => stack.open(from).length === 0);
    assert.deepEqual(app.states.slice(-3).map(({ state, path }) => [state, path]), [["live", from], ["moving", from], ["live", to]]);
  });
}

test("there and back again", async (t) => {
  const stack = await startStack(t, { home: "aws" });
  const app = new App(t, stack);
  await stack.serves("aws");
  stack.publish([1, 2]);
  stack.move("edge");
  await stack.serves("edge");
  stack.publish(3);
  stack.move("aws");
  await stack.serves("aws", 2);
  stack.publish(4);
  await app.has(4);
  assert.deepEqual(app.updates, trades(1, 5));
});

test("another path is asked to go on from 5 s before, where the order was the other", async (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const stack = await startStack(t, { home: "aws" });
  const app = new App(t, stack);
  await stack.serves("aws");
  for (const n of [1, 2]) {
    stack.publish(n);
    await app.has(n);
    nowMs += 5_000;
  }
  stack.publish(4, ["edge"]);
  stack.publish(3);
  await app.has(3);
  stack.drop("aws");
  stack.home = "edge";
  const peer = await stack.serves("edge");
  await app.has(4);
  assert.equal(peer.after, trade(2).id);
  assert.deepEqual(app.updates, trades(1, 5));
});

test("the old path serves while the new one cannot be opened", async (t) => {
  const stack = await startStack(t, { home: "aws", isDual: false });
  const app = new App(t, stack);
  await stack.serves("aws");
  stack.refused = ["edge"];
  stack.move("edge");
  await until("a try", () => stack.requests.includes("refused edge"));
  stack.publish(1);
  await app.has(1);
  assert.deepEqual([app.state, stack.open("aws").length], ["moving", 1]);
  stack.refused = [];
  await stack.serves("edge");
  await app.is("live");
});

test("a client waits its part of the jitter, but not when the old path ends before", async (t) => {
  const stack = await startStack(t, { home: "aws" });
  const app = new App(t, stack);
  await stack.serves("aws");
  t.mock.method(Math, "random", () => 0.5);
  stack.move("edge", 60 * MINUTE_MS);
  await app.is("moving");
  stack.publish(1);
  await app.has(1);
  assert.equal(stack.open("edge").length, 0);
  stack.drop("aws");
  await stack.serves("edge");
});

test("while /connect fails, MOVED still says where to go", async (t) => {
  const stack = await startStack(t, { home: "edge" });
  const app = new App(t, stack);
  await stack.serves("edge");
  stack.connectStatus = 503;
  stack.move("aws", 60 * MINUTE_MS);
  await app.is("moving");
  stack.close("edge", 4009, "moved");
  await stack.serves("aws");
});

test("a subscription that is answered MOVED goes where it is sent", async (t) => {
  const stack = await startStack(t, { home: "aws", hasLeft: "aws" });
  stack.publish(1);
  const app = new App(t, stack);
  await stack.serves("edge");
  await app.has(1);
  await until("the refused socket to be let go", () => stack.peers.every(({ path, isOpen }) => path === "edge" || !isOpen));
});

test("a path that sends its client back has it on a new connection, and the old one serves until then", async (t) => {
  const stack = await startStack(t, { home: "edge", hasLeft: "aws" });
  const app = new App(t, stack);
  await app.is("live");
  stack.tell("edge", "aws");
  const peer = await stack.serves("edge", 2);
  stack.publish(1);
  await app.has(1);
  assert.deepEqual(stack.peers.map(({ path }) => path), ["edge", "aws", "edge"]);
  assert.equal(peer.beside.length, 1);
  await app.is("live");
});

test("a connection is renewed before its age ends it, on the same path and without a break", async (t) => {
  const stack = await startStack(t, { home: "aws", maxAgeMs: 300 });
  const app = new App(t, stack);
  await stack.serves("aws");
  stack.publish(1);
  await app.has(1);
  const peer = await stack.serves("aws", 2);
  stack.publish(2);
  await app.has(2);
  assert.equal(peer.after, trade(1).id);
  assert.equal(peer.beside.length, 1);
  await until("the old socket to be let go", () => !stack.peers[0].isOpen);
  assert.deepEqual(app.states.map(({ state }) => state), ["connecting", "connecting", "live"]);
});

test("a makeshift path is left when /connect names the better one again", async (t) => {
  const stack = await startStack(t, { home: "aws", recheckMs: 50 });
  const app = new App(t, stack);
  await stack.serves("aws");
  stack.publish(1);
  await until("two more questions", () => stack.requests.length >= 3);
  assert.equal(stack.peers.length, 1);
  stack.home = "edge";
  const peer = await stack.serves("edge");
  stack.publish(2);
  await app.has(2);
  assert.deepEqual(peer.beside.map(({ path }) => path), ["aws"]);
  assert.deepEqual(app.updates, trades(1, 3));
});

test("a client of a region asks whether a move holds for it", async (t) => {
  const stack = await startStack(t, { home: "aws" });
  const app = new App(t, stack, { region: "us-east-1" });
  const peer = await stack.serves("aws");
  for (const questions of [2, 3]) {
    stack.tell("aws", "edge"); // but /connect still answers aws
    await until("the question", () => stack.requests.filter((url) => url.startsWith("/connect/")).length === questions);
  }
  stack.publish(1);
  await app.has(1);
  assert.deepEqual([stack.open("edge").length, stack.open("aws")], [0, [peer]]);
  stack.move("edge");
  await stack.serves("edge");
  assert.ok(stack.requests.every((url) => !url.startsWith("/connect/") || url.includes("region=us-east-1")));
});
