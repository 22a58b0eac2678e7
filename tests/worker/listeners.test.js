/** Who may listen at the edge: `LISTENERS: token`. The table of access tokens is tested in unit/, without a Worker. */

import assert from "node:assert/strict";
import test, { after } from "node:test";

import { CLOSE } from "../../worker/close.js";
import { accessToken, CASES, GOLDEN, made, variables } from "./support/access_tokens.js";
import { anUpdate, startEdge } from "./support/edge.js";

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
