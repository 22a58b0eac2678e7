/** Who may listen at the edge: `LISTENERS: token`. The table of access tokens is tested in unit/, without a Worker. */

import assert from "node:assert/strict";
import test, { after, describe } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { accessToken, CASES, GOLDEN, made, variables } from "./support/access_tokens.js";
import { anUpdate, startEdge, until } from "./support/edge.js";

const now = () => Math.floor(Date.now() / 1000);
/** @param {string} token */
const shown = (token) => `?access_token=${encodeURIComponent(token)}`;

const edge = await startEdge({ after }, { vars: variables() });

for (const stack of ["HS256", "RS256", "ES256"]) {
  test(`who shows an access token of the table at a stack with ${stack} is let in, or told why not`, async (t) => {
    const own = stack === "HS256" ? edge : await startEdge(t, { vars: variables(stack) });
    for (const { name, token, asks, code } of CASES.filter((aCase) => aCase.stack === stack)) {
      const query = token === null ? "" : shown(made(token, now()));
      if (code === undefined) await (await own.connect(asks, { query })).close();
      else assert.equal((await own.refusal(asks, { query })).status, GOLDEN.status[code], name);
    }
  });
}

test("an open stack reads no access token", async (t) => {
  const open = await startEdge(t);
  await (await open.connect("SOL", { query: "?access_token=junk" })).close();
});

test("a client is closed with 4001 when its access token expires, others go on", async () => {
  const expiring = await edge.connect("ENDS", { query: shown(accessToken(["ENDS"], { endsIn: 2 })) });
  const lasting = await edge.connect("ENDS", { query: shown(accessToken(["ENDS"])) });
  await edge.broadcast("ENDS", anUpdate(1));
  await expiring.hasUpdates(1);

  const { code, reason } = await expiring.isToldToClose();

  assert.deepEqual({ code, reason }, { code: 4001, reason: CLOSE.TOKEN_EXPIRED.reason });
  assert.deepEqual(await edge.broadcast("ENDS", anUpdate(2)), { success: true, connections: 1 });
  await lasting.hasUpdates(2);
  assert.deepEqual(expiring.updates.map(({ id }) => id), [anUpdate(1).id]);
});

test("the alarm rings for the first access token that expires, not for a later one", async () => {
  const ends = [600, 60, 3600].map((endsIn) => ({ endsIn, atMs: (now() + endsIn) * 1000 }));
  const alarms = [];
  for (const { endsIn } of ends) {
    await edge.connect("ALARM", { query: shown(accessToken(["ALARM"], { endsIn })) });
    alarms.push(await edge.probe("ALARM", "alarmMs"));
  }
  const [late, early] = ends.map(({ atMs }) => atMs);
  for (const [alarm, due] of [[alarms[0], late], [alarms[1], early], [alarms[2], early]]) assert.ok(alarm - due >= 0 && alarm - due <= 5_000, `${alarm - due} ms`);
  await edge.broadcast("ALARM", anUpdate(1));
  await edge.probe("ALARM", "save"); // runs the alarm
  const next = await edge.probe("ALARM", "alarmMs");
  assert.ok(next - early >= 0 && next - early <= 5_000, "it is set again for the next that expires");
});

test("a client without an end sets no alarm", async (t) => {
  const open = await startEdge(t);
  await open.connect("OPEN");
  assert.equal(await open.probe("OPEN", "alarmMs"), null);
});

test("no log line of the Worker or its rooms holds an access token", async (t) => {
  const quiet = await startEdge(t, { vars: variables() });
  const tokens = CASES.flatMap(({ token }) => (token === null ? [] : [made(token, now())]));
  for (const token of tokens) {
    const socket = quiet.open("SOL", shown(token), {});
    await new Promise((resolve) => socket.on("error", resolve).on("open", resolve));
    socket.terminate();
  }
  await quiet.broadcast("SOL", anUpdate(1));
  const expiring = await quiet.connect("SOL", { query: shown(accessToken(["SOL"], { endsIn: 1 })) });
  await expiring.isToldToClose();
  const written = quiet.logs.join("");
  assert.match(written, /closed_expired_clients/);
  const parts = new Set(tokens.flatMap((token) => token.split(".").filter((part) => part.length >= 20)));
  assert.deepEqual([...parts].filter((part) => written.includes(part)), []);
});

describe("at a hub", () => {
  /** @param {string} token the access token @param {import("./support/edge.js").Edge} [at] */
  async function authorized(token, at = edge) {
    const client = await at.connectLive();
    client.send({ action: "authorize", token });
    const { expiresAt } = await client.next("AUTHORIZED");
    return { client, expiresAt };
  }

  for (const stack of ["HS256", "RS256", "ES256"]) {
    test(`an access token of the table is taken by a stack with ${stack}, or refused with why`, async (t) => {
      const own = stack === "HS256" ? edge : await startEdge(t, { vars: variables(stack) });
      for (const { name, token, asks, code, heard } of CASES.filter((aCase) => aCase.stack === stack && aCase.token !== null)) {
        const at = now();
        const client = await own.connectLive();
        client.send({ action: "authorize", token: made(token, at) });
        const [, answered] = await client.hasMessages(2) && client.received;
        if (code !== undefined && code !== "FORBIDDEN_TOKEN") assert.equal(answered.code, code, name);
        else assert.equal(answered.expiresAt, at + (heard?.endsIn ?? 60), name);
        client.send({ action: "subscribePrice", token: asks });
        const { type, code: told, token: about } = await client.hasMessages(3) && client.received[2];
        if (code === undefined) assert.equal(type, "SUBSCRIBED", name);
        else if (code === "FORBIDDEN_TOKEN") assert.deepEqual([told, about], [code, asks], name);
        else assert.deepEqual([told, about], ["UNAUTHORIZED", undefined], name);
        await client.close();
      }
    });
  }

  test("who may not hear one of several tokens hears the others", async () => {
    const { client } = await authorized(accessToken(["HEARD"]));
    client.send({ action: "subscribePrice", subscriptions: [{ token: "HEARD" }, { token: "OTHER" }] });
    await client.hasMessages(4);
    await edge.broadcast("OTHER", anUpdate(1));
    await edge.broadcast("HEARD", anUpdate(2));
    await client.hasUpdates(1);
    assert.deepEqual(client.updates.map(({ token, id }) => [token, id]), [["HEARD", anUpdate(2).id]]);
    assert.deepEqual(client.received.filter(({ type }) => type === "ERROR").map(({ code, token }) => [code, token]), [["FORBIDDEN_TOKEN", "OTHER"]]);
  });

  test("a client is closed with 4001 when its access token expires, others go on", async () => {
    const { client } = await authorized(accessToken(["HUB_ENDS"], { endsIn: 3 }));
    const { client: lasting } = await authorized(accessToken(["HUB_ENDS"]));
    for (const each of [client, lasting]) {
      each.send({ action: "subscribePrice", token: "HUB_ENDS" });
      await each.next("SUBSCRIBED");
    }
    await edge.broadcast("HUB_ENDS", anUpdate(1));
    await client.hasUpdates(1);
    assert.equal((await client.isClosed()).code, 4001);
    await edge.broadcast("HUB_ENDS", anUpdate(2));
    await lasting.hasUpdates(2);
    assert.equal(lasting.closed, null);
  });

  test("another access token before that renews, and a refused one does not end what was there", async () => {
    const { client, expiresAt } = await authorized(accessToken(["RENEWED"], { endsIn: 3 }));
    client.send({ action: "subscribePrice", token: "RENEWED" });
    await client.next("SUBSCRIBED");
    client.send({ action: "authorize", token: accessToken(["RENEWED"], { key: "other" }) });
    assert.equal((await client.next("ERROR")).code, "UNAUTHORIZED");
    client.send({ action: "authorize", token: accessToken(["RENEWED"]) });
    assert.ok((await client.next("AUTHORIZED")).expiresAt > expiresAt);
    const { client: witness } = await authorized(accessToken(["RENEWED"], { endsIn: expiresAt - now() }));
    await witness.isClosed(); // so the time is over
    await edge.broadcast("RENEWED", anUpdate(1));
    await client.hasUpdates(1);
    assert.equal(client.closed, null);
  });

  test("another access token that lists fewer tokens ends the others", async () => {
    const { client } = await authorized(accessToken(["KEPT", "TAKEN"]));
    client.send({ action: "subscribePrice", subscriptions: [{ token: "KEPT" }, { token: "TAKEN" }] });
    await until("both", () => client.received.flatMap(({ type, tokens = [] }) => (type === "SUBSCRIBED" ? tokens : [])).length === 2);
    client.send({ action: "authorize", token: accessToken(["KEPT"]) });
    await until("the refusal", () => client.received.some(({ code, token }) => code === "FORBIDDEN_TOKEN" && token === "TAKEN"));
    await edge.broadcast("TAKEN", anUpdate(1));
    await edge.broadcast("KEPT", anUpdate(2));
    await client.hasUpdates(1);
    assert.deepEqual(client.updates.map(({ token }) => token), ["KEPT"]);
  });

  test("an open stack authorizes everybody, for ever", async (t) => {
    const open = await startEdge(t);
    assert.equal((await authorized("junk", open)).expiresAt, null);
  });
});
