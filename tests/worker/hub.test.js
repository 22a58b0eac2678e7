/** One socket, many tokens: what a client of a hub hears. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { LIMITS } from "../../worker/limits.js";
import { anUpdate, startEdge, story, until, updatesFrom } from "./support/edge.js";
import { ofType, subscribedTokens, subscribeTo } from "./support/live.js";

const COMMANDS = JSON.parse(readFileSync(new URL("../contract/commands.json", import.meta.url), "utf8"));

const edge = await startEdge({ after });

/** @param {any[]} updates */
const pairs = (updates) => updates.map(({ token, id }) => `${token} ${id}`).sort();

test("a client is greeted with its id and the data centre", async () => {
  const client = await edge.connectLive();
  const [{ type, connectionId, colo, ...rest }] = client.received;
  assert.deepEqual([type, typeof connectionId, typeof colo, rest], ["connected", "string", "string", {}]);
});

test("it hears the newest price of each token, then what comes", async () => {
  await edge.broadcast("NEWEST_A", [anUpdate(2), anUpdate(1)]);
  const client = await edge.connectLive();
  client.send(subscribeTo(["NEWEST_A", "NEWEST_B"]));
  await client.hasUpdates(1);
  await edge.broadcast("NEWEST_B", anUpdate(3));
  await client.hasUpdates(2);
  await edge.broadcast("NEWEST_A", anUpdate(4));
  await client.hasUpdates(3);
  assert.deepEqual(client.updates, [anUpdate(2, { token: "NEWEST_A" }), anUpdate(3, { token: "NEWEST_B" }), anUpdate(4, { token: "NEWEST_A" })]);
  assert.deepEqual(subscribedTokens(client.received).sort(), ["NEWEST_A", "NEWEST_B"]);
});

test("a single token is answered with a single token", async () => {
  const client = await edge.connectLive();
  client.send({ action: "subscribePrice", token: "SINGLE" });
  assert.deepEqual(await client.next("SUBSCRIBED"), { type: "SUBSCRIBED", token: "SINGLE" });
  client.send({ action: "unsubscribePrice", token: "SINGLE" });
  assert.deepEqual(await client.next("UNSUBSCRIBED"), { type: "UNSUBSCRIBED", token: "SINGLE" });
});

test("with a cursor it hears what it missed in place of the newest price, from the room and from the hub", async () => {
  await edge.broadcast("CURSOR", updatesFrom(1, 6));
  const [first, second, older] = [await edge.connectLive(), await edge.connectLive(), await edge.connectLive()];
  for (const [client, n] of /** @type {const} */ ([[first, 3], [second, 4], [older, 1]])) {
    client.send({ action: "subscribePrice", token: "CURSOR", after: anUpdate(n).id });
    await client.hasUpdates(5 - n);
    assert.deepEqual(story(client.received.slice(1)).filter(Boolean), updatesFrom(n + 1, 6).map(({ id }) => id));
  }
  await edge.broadcast("CURSOR", anUpdate(7));
  for (const [client, n] of /** @type {const} */ ([[first, 3], [second, 2], [older, 5]])) await client.hasUpdates(n);
});

test("latest hears only the newest", async () => {
  await edge.broadcast("LATEST", updatesFrom(1, 4));
  const client = await edge.connectLive();
  client.send({ action: "subscribePrice", token: "LATEST", after: anUpdate(1).id, delivery: "latest" });
  await client.hasUpdates(1);
  await edge.broadcast("LATEST", [anUpdate(6), anUpdate(5)]);
  await edge.broadcast("LATEST", anUpdate(4));
  await edge.broadcast("LATEST", anUpdate(7));
  await until("the last", () => client.updates.at(-1)?.id === anUpdate(7).id);
  assert.deepEqual(client.updates.map(({ id }) => id), [3, 6, 7].map((n) => anUpdate(n).id));
});

test("100 tokens for each of several clients: everyone hears each update once, several tokens in a frame", async () => {
  const tokens = Array.from({ length: LIMITS.clientTokens }, (_, n) => `MANY_${n}`);
  const clients = [await edge.connectLive(), await edge.connectLive(), await edge.connectLive()];
  for (const client of clients) client.send(subscribeTo(tokens));
  for (const client of clients) await until("every SUBSCRIBED", () => subscribedTokens(client.received).length === tokens.length, () => client.received.slice(-2));
  await Promise.all(tokens.map((token) => edge.broadcast(token, updatesFrom(1, 6))));
  for (const client of clients) {
    await client.hasUpdates(5 * tokens.length);
    assert.deepEqual(pairs(client.updates), pairs(tokens.flatMap((token) => updatesFrom(1, 6).map((update) => ({ ...update, token })))));
    for (const token of tokens) {
      assert.deepEqual(client.updates.filter((update) => update.token === token).map(({ id }) => id), updatesFrom(1, 6).map(({ id }) => id));
    }
  }
  assert.ok(ofType(clients[0].received, "PRICE_BATCH").some(({ token }) => token === undefined), "tokens share frames");
});

for (const { text, code, names } of COMMANDS.refused) {
  test(`what is no command is answered with ${code}, and the socket lives: ${text}`, async () => {
    const client = await edge.connectLive();
    client.send(text);
    const answer = await client.next("ERROR");
    assert.equal(answer.code, code);
    assert.ok(answer.message.includes(names));
    await client.settle();
    await client.close();
  });
}

test("every command of the contract is answered", async () => {
  const answers = { subscribe: "SUBSCRIBED", unsubscribe: "UNSUBSCRIBED", authorize: "AUTHORIZED", ping: "pong" };
  for (const { message, command } of COMMANDS.accepted) {
    const client = await edge.connectLive();
    const [kind] = /** @type {[keyof typeof answers]} */ (Object.keys(command));
    client.send(message);
    await client.next(answers[kind]);
    await client.close();
  }
});

test("bytes are no command", async () => {
  const client = await edge.connectLive();
  client.socket.send(Buffer.from([1, 2, 3]));
  assert.match((await client.next("ERROR")).message, /must be text/);
});

test("a token that the stack does not stream is refused by name, the others are served", async (t) => {
  const some = await startEdge(t, { vars: { TOKENS: "BONK=mintA,SOL" } });
  const client = await some.connectLive();
  client.send(subscribeTo(["OTHER", "SOL", "BONK"]));
  const refused = [await client.next("ERROR"), await client.next("ERROR")];
  assert.deepEqual(refused.map(({ code, token }) => [code, token]), [["UNKNOWN_TOKEN", "OTHER"], ["UNKNOWN_TOKEN", "BONK"]]);
  assert.deepEqual((await client.next("SUBSCRIBED")).tokens, ["SOL"]);
});

test("more than 100 tokens are refused, and nothing changes", async () => {
  const client = await edge.connectLive();
  client.send(subscribeTo(Array.from({ length: LIMITS.clientTokens }, (_, n) => `MOST_${n}`)));
  await until("every SUBSCRIBED", () => subscribedTokens(client.received).length === LIMITS.clientTokens);
  client.send(subscribeTo(["MOST_0", "ONE_MORE"]));
  await until("ERROR", () => ofType(client.received, "ERROR").length === 1, () => client.received.slice(-2));
  assert.equal(ofType(client.received, "ERROR")[0].code, "TOO_MANY_TOKENS");
  client.send(subscribeTo(["MOST_0"]));
  await until("SUBSCRIBED again", () => subscribedTokens(client.received).length === LIMITS.clientTokens + 1);
});

test("a token that is left is heard no more, and one that is subscribed to again is opened again", async () => {
  const client = await edge.connectLive();
  client.send(subscribeTo(["AGAIN", "OTHER"]));
  await until("both", () => subscribedTokens(client.received).length === 2);
  await edge.broadcast("AGAIN", anUpdate(1));
  await client.hasUpdates(1);
  client.send({ action: "unsubscribePrice", tokens: ["AGAIN", "NEVER_FOLLOWED"] });
  await until("UNSUBSCRIBED", () => ofType(client.received, "UNSUBSCRIBED").length === 1);
  await edge.broadcast("AGAIN", anUpdate(2));
  await edge.broadcast("OTHER", anUpdate(3));
  await client.hasUpdates(2);
  client.send({ action: "subscribePrice", token: "AGAIN", after: anUpdate(1).id });
  await client.hasUpdates(3);
  client.send({ action: "subscribePrice", token: "AGAIN", after: anUpdate(1).id }); // while it is subscribed
  await client.hasUpdates(4);
  assert.deepEqual(client.updates.map(({ id }) => id), [1, 3, 2, 2].map((n) => anUpdate(n).id));
});

test("a client that commands too often is closed with 1008, its neighbour is not", async () => {
  const [loud, quiet] = [await edge.connectLive(), await edge.connectLive()];
  quiet.send(subscribeTo(["QUIET"]));
  for (let n = 0; n < 10_000; n += 1) loud.send({ action: "subscribePrice", token: `LOUD_${n % 90}` });
  assert.equal((await loud.isClosed()).code, CLOSE.TOO_MANY.code);
  await edge.broadcast("QUIET", anUpdate(1));
  await quiet.hasUpdates(1);
  assert.equal(quiet.closed, null);
});

test("the Origin rules and the limit of connects are those of a room", async (t) => {
  const strict = await startEdge(t, { vars: { ALLOWED_ORIGINS: "https://app.example", REQUIRE_ORIGIN: "true" }, connectsPerMinute: 1 });
  const near = { "cf-connecting-ip": "203.0.113.1", origin: "https://app.example" };
  assert.equal((await strict.refusalOf(strict.openLive({ origin: "https://evil.example" }))).status, 403);
  assert.equal((await strict.refusalOf(strict.openLive())).status, 403);
  assert.equal((await strict.fetch("/live")).status, 426);
  await strict.connectLive(near);
  const { status, headers } = await strict.refusalOf(strict.openLive(near));
  assert.deepEqual([status, headers["retry-after"]], [429, String(LIMITS.retryAfterSeconds)]);
});
