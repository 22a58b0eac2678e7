/** The golden files against the Worker. The Python tests read the same files, so the two paths stay alike. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { parseCommand } from "../../worker/commands.js";
import { Refusal } from "../../worker/errors.js";
import { framesOf } from "../../worker/frames.js";
import { isToken, isUpdateId, updateId } from "../../worker/ids.js";
import { LIMITS } from "../../worker/limits.js";
import { authorized, connected, error, gap, moved, PING, PONG, subscribed, unsubscribed } from "../../worker/messages.js";
import { parseCensus, parseMove } from "../../worker/move_requests.js";
import { Ring } from "../../worker/ring.js";
import { parseUpdates } from "../../worker/update.js";
import { startEdge, updatesFrom } from "./support/edge.js";

/** @param {string} name */
const golden = (name) => JSON.parse(readFileSync(new URL(`../contract/${name}.json`, import.meta.url), "utf8"));
/** @param {import("../../worker/frames.js").Frame[]} frames @returns {any[]} */
const messages = (frames) => frames.map(({ text }) => JSON.parse(text));

test("ids are made, ordered and checked as in Python", () => {
  const { ids, ascending, invalid } = golden("ids");
  for (const { id, timestamp, slot, txSignature } of ids) {
    assert.equal(updateId(timestamp, slot, txSignature), id);
    assert.ok(isUpdateId(id));
  }
  assert.deepEqual([...ascending].reverse().sort(), ascending);
  for (const id of invalid) assert.ok(!isUpdateId(id), JSON.stringify(id));
});

test("tokens are served or refused as on the AWS path", async (t) => {
  const { variable, served, refused } = golden("tokens");
  const some = await startEdge(t, { vars: { TOKENS: variable } });
  for (const token of served) assert.equal((await some.post(token, golden("update").examples[0].update)).status, 200);
  for (const { token, message } of refused) {
    assert.deepEqual((await (await some.post(token, {})).json()).error, { code: "UNKNOWN_TOKEN", message });
    assert.equal((await some.refusal(token)).status, 404);
  }
});

test("updates pass the edge as they are", async () => {
  for (const { update, text } of golden("update").examples) {
    assert.deepEqual(await parseUpdates(text, update.token), [update]);
    assert.ok(isToken(update.token));
  }
});

for (const { name, change, field } of golden("update").rejected) {
  test(`${name} is rejected, and the field named`, async () => {
    const update = { ...golden("update").examples[0].update, ...change };
    await assert.rejects(parseUpdates(JSON.stringify(update), "T"), (error) => error instanceof Refusal && error.message.includes(`body.${field} `));
  });
}

test("frames are built as on the AWS path", () => {
  const { examples, sizes, maxUpdates, maxBytes } = golden("frames");
  assert.deepEqual([maxUpdates, maxBytes], [LIMITS.frameUpdates, LIMITS.frameBytes]);
  for (const { updates, frames } of examples) assert.deepEqual(messages(framesOf(updates, "")), frames);
  for (const { updates, frames } of sizes) {
    const built = messages(framesOf(/** @type {any[]} */ (updatesFrom(0, updates)), ""));
    assert.deepEqual(built.map((frame) => frame.updates?.length ?? 1), frames);
  }
});

for (const { name, arrivals, newest } of golden("newest").arrivals) {
  test(`the newest of a room: ${name}`, () => {
    const ring = new Ring({ epoch: 0 });
    for (const id of arrivals) ring.append([{ update: { type: "PRICE_UPDATE", token: "SOL", price: 1, timestamp: Number(id.slice(0, 10)), id }, isHealed: false }]);
    assert.equal(ring.newest?.id, newest);
  });
}

test("the other messages are those of the contract", () => {
  /** How each is made of its own fields. @type {Record<string, (message: any) => string>} */
  const made = {
    ping: () => PING,
    pong: () => PONG,
    connected: ({ connectionId, colo }) => connected(connectionId, colo),
    GAP: ({ token, after: from, until: to }) => JSON.stringify(gap(token, from, to)),
    SUBSCRIBED: ({ token, tokens }) => subscribed(tokens ?? [token], tokens !== undefined),
    UNSUBSCRIBED: ({ token, tokens }) => unsubscribed(tokens ?? [token], tokens !== undefined),
    AUTHORIZED: ({ expiresAt }) => authorized(expiresAt),
    ERROR: ({ code, message, token }) => error(code, message, token),
  };
  const messages = golden("messages").messages.map((/** @type {any} */ { message }) => message).filter((/** @type {any} */ { action }) => action === undefined);
  for (const message of messages) assert.equal(made[message.type](message), JSON.stringify(message));
  assert.deepEqual(new Set(messages.map((/** @type {any} */ { type }) => type)), new Set(Object.keys(made)));
});

const { accepted, refused: refusedCommands, maxTokens } = golden("commands");

for (const { name, message, command } of accepted) {
  test(`a command is understood as on the AWS path: ${name}`, () => {
    assert.deepEqual(asInTheFile(parseCommand(JSON.stringify(message))), command);
  });
}

/** @param {import("../../worker/commands.js").Command} command */
function asInTheFile(command) {
  switch (command.kind) {
    case "subscribe":
      return { subscribe: command.wanted, isList: command.isList };
    case "unsubscribe":
      return { unsubscribe: command.tokens, isList: command.isList };
    case "authorize":
      return { authorize: command.accessToken };
    case "ping":
      return { ping: true };
  }
}

for (const { text, code, names } of refusedCommands) {
  test(`a command is refused as on the AWS path: ${text}`, () => {
    assert.throws(() => parseCommand(text), (refusal) => refusal instanceof Refusal && refusal.code === code && refusal.message.includes(names));
  });
}

test("a command and a connection have at most as many tokens as on the AWS path", () => {
  assert.deepEqual([LIMITS.clientTokens, LIMITS.commandBytes], [maxTokens, golden("messages").maxCommandBytes]);
  const tokens = Array.from({ length: maxTokens + 1 }, (_, n) => `T${n}`);
  assert.throws(() => parseCommand(JSON.stringify({ action: "unsubscribePrice", tokens })), /tokens must have 1 to 100 entries; got 101/);
});

test("an update of the contract reaches a client of the running edge unchanged", async () => {
  const edge = await startEdge({ after });
  for (const { update } of golden("update").examples) {
    const client = await edge.connect(update.token);
    await edge.broadcast(update.token, update);
    assert.deepEqual(await client.next("PRICE_UPDATE"), update);
  }
});

test("an update of the contract reaches a client of a hub unchanged", async () => {
  const edge = await startEdge({ after });
  const client = await edge.connectLive();
  const updates = golden("update").examples.map((/** @type {any} */ { update }) => update);
  client.send({ action: "subscribePrice", subscriptions: updates.map(({ token }) => ({ token })) });
  await client.next("SUBSCRIBED");
  for (const update of updates) await edge.broadcast(update.token, update);
  await client.hasUpdates(updates.length);
  for (const update of updates) assert.deepEqual(client.updates.find(({ id }) => id === update.id), update);
});

const { moved: movedExamples, census, moves, answer, close } = golden("moves");

test("MOVED is the one of the contract", () => {
  for (const { message } of movedExamples) assert.equal(moved(message), JSON.stringify(message));
});

test("close codes are those of the contract", () => {
  assert.deepEqual(Object.values(CLOSE), close);
});

test("what the mover posts is read as it is", () => {
  for (const body of Object.values(census.bodies)) assert.deepEqual(parseCensus(JSON.stringify(body)), body);
  for (const body of Object.values(moves.bodies)) assert.deepEqual(parseMove(JSON.stringify(body)), body);
});

for (const [parse, { bodies, refused }] of /** @type {[(body: string) => unknown, any][]} */ ([[parseCensus, census], [parseMove, moves]])) {
  for (const { name, base, change, names } of refused) {
    test(`${parse.name}: ${name} is refused, and the field named`, () => {
      const body = JSON.stringify({ ...bodies[base], ...change });
      assert.throws(() => parse(body), (error) => error instanceof Refusal && error.status === 400 && error.message.startsWith(`${names} `));
    });
  }
}

test("the mover's calls are answered as in the contract", async () => {
  const edge = await startEdge({ after });
  await edge.connect("SOL");
  await edge.connect("BTC");
  const { here, away } = moves.bodies;
  for (const [path, body] of [["/census", { tokens: here.tokens }], ["/moves", here], ["/moves", { ...away, tokens: here.tokens }]]) {
    assert.deepEqual(await edge.command(path, body), answer);
  }
});
