/** The feed on a hub: the Worker in real workerd, with the table and AWS beside it. */

import assert from "node:assert/strict";
import test, { after } from "node:test";

import { WebSocket } from "ws";

import { connect } from "../../client/glow.js";
import { startEdge } from "../worker/support/edge.js";
import { follow as hold } from "../worker/support/live.js";
import { farMs, moveHere } from "../worker/support/moves.js";
import { startStack } from "./stack.js";
import { App, TOKEN, trade, until } from "./support.js";

/** @typedef {import("../worker/support/edge.js").Edge} Edge */
/** @typedef {import("../../client/glow.js").Update} Update */
/** @typedef {import("./stack.js").Stack} Stack */

const edge = await startEdge({ after });
const STARTED_SECONDS = Math.floor(Date.now() / 1_000);
const HUB_URL = new URL("/live", edge.url.href.replace("http", "ws")).href;

/**
 * A stack whose edge is the Worker.
 * @param {import("node:test").TestContext} t
 * @param {Edge} [worker]
 */
async function startWholeStack(t, worker = edge) {
  const stack = await startStack(t, { elsewhere: { edge: worker.socketUrl(TOKEN) }, nowMs: Date.now });
  stack.liveElsewhere = { edge: new URL("/live", worker.url.href.replace("http", "ws")).href };
  return stack;
}

/** @param {import("node:test").TestContext} t @param {Stack} stack @param {readonly string[]} tokens */
function follow(t, stack, tokens) {
  /** The sockets that were opened. @type {string[]} */
  const opened = [];
  class Counted extends WebSocket {
    /** @param {string} url */
    constructor(url) {
      super(url);
      opened.push(url);
    }
  }
  /** @type {Record<string, Update[]>} */
  const updates = Object.fromEntries(tokens.map((token) => [token, []]));
  const feed = connect({ api: stack.url, WebSocket: Counted });
  t.after(() => feed.close());
  for (const token of tokens) feed.subscribe(token, { onPrice: (update) => void updates[token].push(update) });
  const live = () => until("the feed to be live", () => feed.state.state === "live", () => feed.state);
  const has = (/** @type {number} */ count) => until(`${count} updates each`, () => tokens.every((token) => updates[token].length >= count), () => tokens.map((token) => updates[token].length));
  return { feed, updates, opened, live, has };
}

/** Each test has tokens of its own, because they share the Worker. @param {string} name @param {number} count */
const tokensOf = (name, count) => Array.from({ length: count }, (_, index) => `${name}_${index}`);

/** The `n`th trade, of today, because rooms and hubs reckon with the time. @param {number} n @param {string} token @returns {Update} */
function tradeToday(n, token) {
  const { id, ...rest } = trade(n, token);
  const timestamp = STARTED_SECONDS + n;
  return { ...rest, timestamp, id: `${timestamp}${id.slice(10)}` };
}

/** Publishes on both paths, and stores. @param {Stack} stack @param {readonly string[]} tokens @param {readonly number[]} numbers */
async function publish(stack, tokens, numbers) {
  const updatesOf = (/** @type {string} */ token) => numbers.map((n) => tradeToday(n, token));
  stack.take(tokens.flatMap(updatesOf), ["aws"]);
  await Promise.all(tokens.map((token) => edge.broadcast(token, updatesOf(token))));
}

/** What was asked for in each call. A hub that cannot keep up on a busy machine sends GAPs, and then prices are read, too. @param {Stack} stack */
const connects = (stack) => stack.requests.filter((url) => url.startsWith("/connect")).map((url) => url.replace("/connect?tokens=", "").split(",").sort());

/** @param {readonly Update[]} updates */
const slotsOf = (updates) => updates.map(({ slot }) => slot);

/** @param {Edge} worker @param {string} token @param {Stack} stack */
const moveAway = (worker, token, stack) =>
  worker.command("/moves", { path: "aws", tokens: [token], url: stack.socketUrl("aws"), liveUrl: stack.liveUrl("aws"), jitterMs: 0, closeAtMs: farMs() });

test("a hundred tokens on one socket: each trade of each token once, in order", async (t) => {
  const stack = await startWholeStack(t);
  const tokens = tokensOf("HUNDRED", 100);
  const { updates, opened, live, has } = follow(t, stack, tokens);
  await live();
  await publish(stack, tokens, [1]);
  await publish(stack, tokens, [2, 3]);
  await has(3);
  for (const token of tokens) assert.deepEqual(slotsOf(updates[token]), [1, 2, 3], token);
  assert.deepEqual(opened, [HUB_URL]);
  assert.deepEqual(connects(stack), [[...tokens].sort()]);
});

test("a token moves to AWS and back while the others stay, and nothing is lost or shown twice", async (t) => {
  const stack = await startWholeStack(t);
  const [moving, staying] = tokensOf("MOVES", 2);
  const { feed, updates, opened, live, has } = follow(t, stack, [moving, staying]);
  await live();
  await publish(stack, [moving, staying], [1, 2]);
  await has(2);
  stack.homes[moving] = "aws";
  await moveAway(edge, moving, stack);
  await publish(stack, [moving, staying], [3]);
  await stack.serves("aws");
  await publish(stack, [moving, staying], [4]);
  await has(4);
  stack.homes[moving] = "edge";
  await moveHere(edge, moving, Date.now());
  stack.moveToken(moving, "edge");
  await until("the socket on AWS to be closed", () => stack.open("aws").length === 0);
  await publish(stack, [moving, staying], [5]);
  await has(5);
  for (const token of [moving, staying]) assert.deepEqual(slotsOf(updates[token]), [1, 2, 3, 4, 5], token);
  assert.deepEqual(opened, [HUB_URL, stack.liveUrl("aws")]);
  assert.deepEqual(feed.state, { state: "live", path: "edge", reason: null });
});

test("a hub that is reset: its tokens come back with their cursors, in one request, and nothing is lost", async (t) => {
  const stack = await startWholeStack(t);
  const tokens = tokensOf("RESET", 20);
  const { updates, opened, live, has } = follow(t, stack, tokens);
  await live();
  await publish(stack, tokens, [1]);
  await has(1);
  await edge.probe("0", "crashHub");
  await publish(stack, tokens, [2, 3]);
  await until("the next socket", () => opened.length === 2, () => opened);
  await publish(stack, tokens, [4]);
  await has(4);
  for (const token of tokens) assert.deepEqual(slotsOf(updates[token]), [1, 2, 3, 4], token);
  assert.deepEqual(connects(stack), Array(2).fill([...tokens].sort()));
});

test("a client for whom its room has no seat takes the hub", async (t) => {
  const full = await startEdge(t, { vars: { MAX_CONNECTIONS_PER_ROOM: "1" } });
  await full.connect(TOKEN);
  const stack = await startWholeStack(t, full);
  const app = new App(t, stack);
  await app.is("live");
  await full.broadcast(TOKEN, [trade(1)]);
  await app.has(1);
  assert.deepEqual(app.states.map(({ state }) => state), ["connecting", "connecting", "waiting", "connecting", "connecting", "live"]);
});

test("a feed whose tokens have no place in a nearly full hub becomes live on another one", async (t) => {
  const narrow = await startEdge(t, { vars: { MAX_TOKENS_PER_HUB: "5" } });
  await hold(narrow, ["A", "B", "C", "D"]);
  const tokens = tokensOf("NARROW", 3);
  const { opened, updates, live, has } = follow(t, await startWholeStack(t, narrow), tokens);
  await live();
  for (const token of tokens) await narrow.broadcast(token, [tradeToday(1, token)]);
  await has(1);
  for (const token of tokens) assert.deepEqual(slotsOf(updates[token]), [1], token);
  assert.equal(opened.length, 2);
});

test("a token that is followed later begins with its newest price, and one that is left is not heard any more", async (t) => {
  const stack = await startWholeStack(t);
  const [first, later] = tokensOf("LATER", 2);
  const { feed, updates, live, has } = follow(t, stack, [first]);
  await live();
  await publish(stack, [later], [1, 2]);
  const seen = /** @type {(number | undefined)[]} */ ([]);
  const follower = feed.subscribe(later, { onPrice: ({ slot }) => void seen.push(slot) });
  await until("the newest price", () => seen.length === 1);
  await publish(stack, [later], [3]);
  await until("the next price", () => seen.length === 2);
  follower.close();
  await publish(stack, [first, later], [4]);
  await has(1);
  assert.deepEqual(seen, [2, 3]);
  assert.deepEqual(slotsOf(updates[first]), [4]);
});
