/** What a Worker prints reaches who tails it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";

import { WebSocket } from "ws";

import { aVersion, start } from "./support.mjs";

const CODE = 'export default { fetch() { console.log(JSON.stringify({ event: "asked" })); console.error("broken"); return new Response(); } };';
const TALKER = { ...aVersion({ code: CODE }), bindings: [], exports: {} };

test("a tail hears what is logged, and nothing once it has ended", async (t) => {
  const cloud = await start(t);
  await cloud.mustDeploy(await cloud.createWorker("talker"), TALKER);
  const tails = `accounts/${cloud.account.id}/workers/scripts/talker/tails`;
  const { id, url } = await cloud.must("POST", tails, {});
  const socket = new WebSocket(url, "trace-v1");
  /** @type {{level: string, message: string[]}[]} */
  const heard = [];
  const both = new Promise((resolve) => {
    socket.on("message", (text) => {
      heard.push(...JSON.parse(String(text)).logs);
      if (heard.length === 2) resolve(undefined);
    });
  });
  await once(socket, "open");

  await fetch(cloud.worker);
  await both;

  assert.deepEqual(new Set(heard.map(({ level, message }) => `${level} ${message}`)), new Set(['log {"event":"asked"}', "error broken"]));
  const closed = once(socket, "close");
  await cloud.must("DELETE", `${tails}/${id}`);
  await closed;
  assert.equal((await cloud.call("DELETE", `${tails}/${id}`)).status, 404);
});

test("a Worker that does not exist has no tail", async (t) => {
  const cloud = await start(t);

  const answer = await cloud.call("POST", `accounts/${cloud.account.id}/workers/scripts/nobody/tails`, {});

  assert.deepEqual([answer.status, answer.code], [404, 10007]);
});
