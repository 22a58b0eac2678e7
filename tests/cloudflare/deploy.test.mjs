/** What a deployment changes in the running Worker: code, environment, Durable Objects, sockets. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import test from "node:test";

import { WebSocket } from "ws";

import { COUNTER, aRoot, aVersion, start } from "./support.mjs";

const COUNTER_BINDING = { name: "COUNTER", type: "durable_object_namespace", class_name: "Counter" };
const withVar = (/** @type {string} */ text) => aVersion({ bindings: [COUNTER_BINDING, { name: "PLACE", type: "plain_text", text }] });

test("nothing deployed answers 404", async (t) => {
  const cloud = await start(t);
  assert.equal((await fetch(cloud.worker)).status, 404);
});

test("objects keep their storage across new code, vars, secrets and a restart", async (t) => {
  const root = aRoot(t);
  const cloud = await start(t, root);
  const worker = await cloud.createWorker();
  await cloud.mustDeploy(worker);
  assert.equal(await cloud.count(), 1);

  await cloud.mustDeploy(worker, withVar("here"));
  assert.deepEqual([await cloud.count(), await cloud.env()], [2, { PLACE: "here" }]);
  await cloud.mustDeploy(worker, aVersion({ bindings: [COUNTER_BINDING, { name: "TOKEN", type: "secret_text", text: "s" }] }));
  assert.deepEqual([await cloud.count(), await cloud.env()], [3, { TOKEN: "s" }]);
  await cloud.mustDeploy(worker, aVersion({ code: `${COUNTER} // new` }));
  assert.equal(await cloud.count(), 4);

  const before = await cloud.must("GET", `${cloud.workers}/${worker}`);
  assert.equal(await cloud.stop(), 0);
  const again = await start(t, root);
  assert.equal(await again.count(), 5);
  assert.deepEqual(await again.must("GET", `${again.workers}/${worker}`), before);
});

test("a text module is its text", async (t) => {
  const cloud = await start(t);
  const code = 'import text from "./page.js.txt"; export default { fetch: () => new Response(text) };';
  const text = 'import "glow-client"; // not for the worker';
  const [main] = aVersion({ code }).modules;
  const modules = [main, { name: "page.js.txt", content_type: "text/plain", content_base64: Buffer.from(text).toString("base64") }];
  await cloud.mustDeploy(await cloud.createWorker(), aVersion({ modules, bindings: [], exports: {} }));
  assert.equal(await (await fetch(cloud.worker)).text(), text);
});

test("only a real change drops the sockets", async (t) => {
  const cloud = await start(t);
  const worker = await cloud.createWorker();
  await cloud.mustDeploy(worker);
  const socket = new WebSocket(cloud.worker.replace("http", "ws"));
  const closed = once(socket, "close");
  await once(socket, "open");

  await cloud.mustDeploy(worker);
  await cloud.must("PUT", cloud.domains, { hostname: "edge.glow.test", service: "counter" });
  await cloud.must("PUT", `${cloud.workers}/${worker}`, { name: "counter", observability: { enabled: true } });
  await cloud.deploy(worker, aVersion({ code: "export default {" }));
  socket.ping();
  await once(socket, "pong");

  await cloud.mustDeploy(worker, withVar("elsewhere"));
  assert.equal((await closed)[0], 1006);
});

test("a renamed class keeps its objects, a deleted one loses them", async (t) => {
  const root = aRoot(t);
  const cloud = await start(t, root);
  const worker = await cloud.createWorker();
  await cloud.mustDeploy(worker);
  await cloud.count();

  const storage = { type: "durable-object", storage: "sqlite" };
  const renamed = await cloud.mustDeploy(
    worker,
    aVersion({
      code: COUNTER.replace("class Counter", "class Tally"),
      bindings: [{ ...COUNTER_BINDING, class_name: "Tally" }],
      exports: { Counter: { type: "durable-object", state: "renamed", renamed_to: "Tally" }, Tally: storage },
    }),
  );
  assert.equal(await cloud.count(), 2);
  assert.deepEqual(renamed.exports, { Tally: storage });
  assert.deepEqual(renamed.exports_reconciliation.renamed, [{ from: "Counter", to: "Tally" }]);

  await cloud.mustDeploy(worker, aVersion({ exports: { Counter: storage, Tally: { type: "durable-object", state: "deleted" } } }));
  assert.equal(await cloud.count(), 1);
  assert.equal(readdirSync(path.join(root, "objects")).length, 1);
});

test("a deleted worker's objects are gone", async (t) => {
  const cloud = await start(t);
  await cloud.mustDeploy(await cloud.createWorker());
  await cloud.count();
  await cloud.must("DELETE", `${cloud.workers}/counter`);
  assert.equal((await fetch(cloud.worker)).status, 404);
  await cloud.mustDeploy(await cloud.createWorker());
  assert.equal(await cloud.count(), 1);
});

test("a class is reached without a binding", async (t) => {
  const cloud = await start(t);
  const worker = await cloud.createWorker();
  const code = COUNTER.replace("fetch(request, env) {", "fetch(request, env, ctx) { return ctx.exports.Counter.getByName('one').fetch(request);");
  await cloud.mustDeploy(worker, aVersion({ code, bindings: [] }));
  assert.equal(await cloud.count(), 1);
});

test("a version knows its own id", async (t) => {
  const cloud = await start(t);
  const worker = await cloud.createWorker();
  const version = aVersion({ bindings: [COUNTER_BINDING, { name: "VERSION", type: "version_metadata" }], annotations: { "workers/tag": "v7" } });
  const { id, created_on } = await cloud.mustDeploy(worker, version);
  assert.deepEqual(await cloud.env(), { VERSION: { id, tag: "v7", timestamp: created_on } });
});

test("a rate limit counts each key", async (t) => {
  const cloud = await start(t);
  const code = `export default { async fetch({ url }, env) { return Response.json(await env.LIMIT.limit({ key: url })); } };`;
  const limit = { name: "LIMIT", type: "ratelimit", namespace_id: "7", simple: { limit: 2, period: 60 } };
  await cloud.mustDeploy(await cloud.createWorker(), aVersion({ code, bindings: [limit], exports: {} }));
  /** @param {string} key */
  const isAllowed = async (key) => /** @type {{success: boolean}} */ (await (await fetch(new URL(key, cloud.worker))).json()).success;
  assert.deepEqual([await isAllowed("a"), await isAllowed("a"), await isAllowed("a"), await isAllowed("b")], [true, true, false, true]);
});

test("a data set takes a point", async (t) => {
  const cloud = await start(t);
  const code = `export default { fetch(_request, env) { env.POINTS.writeDataPoint({ indexes: ["a"], blobs: ["b"], doubles: [1] }); return new Response("written"); } };`;
  const dataset = { name: "POINTS", type: "analytics_engine", dataset: "points" };
  await cloud.mustDeploy(await cloud.createWorker(), aVersion({ code, bindings: [dataset], exports: {} }));
  assert.equal(await (await fetch(cloud.worker)).text(), "written");
});

test("several workers are told apart by host", async (t) => {
  const cloud = await start(t);
  for (const name of ["one", "two"]) {
    await cloud.mustDeploy(await cloud.createWorker(name), withVar(name));
    await cloud.must("PUT", cloud.domains, { hostname: `${name}.glow.test`, service: name });
  }
  await cloud.must("POST", `${cloud.zone}/workers/routes`, { pattern: "routed.glow.test/*", script: "two" });
  assert.deepEqual(JSON.parse(await bodyOf(cloud, "one.glow.test")), { PLACE: "one" });
  assert.deepEqual(JSON.parse(await bodyOf(cloud, "two.glow.test")), { PLACE: "two" });
  assert.deepEqual(JSON.parse(await bodyOf(cloud, "routed.glow.test")), { PLACE: "two" });
  assert.match(await bodyOf(cloud, "three.glow.test"), /No Worker/);
});

test("secrets lie in the state file alone, and only its owner reads it", async (t) => {
  const root = aRoot(t);
  const cloud = await start(t, root);
  const secret = "nobody-shall-read-this";
  await cloud.mustDeploy(await cloud.createWorker(), aVersion({ bindings: [COUNTER_BINDING, { name: "TOKEN", type: "secret_text", text: secret }] }));
  await cloud.count();
  const holders = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(path.join(entry.parentPath, entry.name)).includes(secret))
    .map(({ name }) => name);
  assert.deepEqual(holders, ["state.json"]);
  assert.equal(statSync(path.join(root, "state.json")).mode & 0o777, 0o600);
  assert.equal(cloud.log().includes(secret), false);
});

/**
 * The answer of the Worker that serves this host.
 * @param {{worker: string}} cloud
 * @param {string} host
 */
async function bodyOf({ worker }, host) {
  const sent = request(`${worker}/env`, { headers: { host } });
  sent.end();
  const [response] = await once(sent, "response");
  const chunks = await response.toArray();
  return Buffer.concat(chunks).toString();
}
