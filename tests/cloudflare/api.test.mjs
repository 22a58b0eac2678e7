/** The API's results and errors have Cloudflare's form and codes. */

import assert from "node:assert/strict";
import test from "node:test";

import { COUNTER, aVersion, start } from "./support.mjs";

const cloud = await start(test);
const worker = await cloud.createWorker();
const live = await cloud.mustDeploy(worker);

const NO_CLASS = `export default { fetch: () => new Response("") };`;
const SECRET = "the-secret-text";

test("a wrong token is refused", async () => {
  const { status, code } = await cloud.call("GET", cloud.workers, undefined, "wrong");
  assert.deepEqual({ status, code }, { status: 403, code: 10000 });
});

test("another account or zone is refused", async () => {
  assert.equal((await cloud.call("GET", "accounts/another/workers/workers")).code, 9109);
  assert.equal((await cloud.call("GET", "zones/another/dns_records/x")).code, 9109);
});

test("what is not emulated is no route", async () => {
  assert.equal((await cloud.call("GET", `accounts/${cloud.account.id}/r2/buckets`)).code, 7003);
});

test("a worker is read back whole, by id and by name", async () => {
  const byId = await cloud.must("GET", `${cloud.workers}/${worker}`);
  assert.deepEqual(byId, await cloud.must("GET", `${cloud.workers}/counter`));
  const { id: _id, created_on: _created, updated_on: _updated, deployed_on, ...settings } = byId;
  assert.ok(deployed_on);
  assert.deepEqual(settings, {
    name: "counter",
    logpush: false,
    observability: {
      enabled: false,
      head_sampling_rate: 1,
      issues: { enabled: false },
      logs: { enabled: false, head_sampling_rate: 1, invocation_logs: true, persist: true, destinations: [] },
      traces: { enabled: false, head_sampling_rate: 1, persist: true, destinations: [] },
    },
    previews_base_config: {
      cache_options: { enabled: false, cross_version_cache: false },
      env: {},
      logpush: false,
      observability: {
        enabled: false,
        head_sampling_rate: 1,
        issues: { enabled: false },
        logs: { enabled: false, head_sampling_rate: 1, invocation_logs: true, persist: true, destinations: [] },
        redact_query_string: false,
        traces: { enabled: false, head_sampling_rate: 1, persist: true, destinations: [] },
      },
      tail_consumers: [],
    },
    subdomain: {
      enabled: false,
      previews_enabled: false,
      url: "https://counter.glow-local.workers.dev",
      preview_url_suffix: "-counter.glow-local.workers.dev",
    },
    tags: [],
    tail_consumers: [],
    references: { dispatch_namespace_outbounds: [], domains: [], durable_objects: [], queues: [], workers: [] },
  });
});

test("the token has the shape that the real plugin asks for", () => {
  assert.match(cloud.account.apiToken, /^[0-9A-Za-z_-]{40,80}$/);
});

test("a worker's settings can be sent back as they were read, as the real plugin does", async () => {
  const read = await cloud.must("GET", `${cloud.workers}/${worker}`);
  const { id: _id, created_on: _created, updated_on: _updated, deployed_on: _deployed, references: _references, ...settings } = read;
  const { updated_on: _now, ...after } = await cloud.must("PUT", `${cloud.workers}/${worker}`, settings);
  const { updated_on: _then, ...before } = read;
  assert.deepEqual(after, before);
});

test("an address that is only Cloudflare's to set is refused", async () => {
  const asked = { name: "counter", subdomain: { url: "https://tiny.example" } };
  assert.equal((await cloud.call("PUT", `${cloud.workers}/${worker}`, asked)).code, 400);
});

test("a deployment says which classes it made, kept and deleted", async () => {
  assert.deepEqual(live.exports_reconciliation, { created: ["Counter"], deleted: [], renamed: [] });
});

test("settings are replaced as a whole", async () => {
  const id = await cloud.createWorker("settings");
  await cloud.must("PUT", `${cloud.workers}/${id}`, { name: "settings", observability: { enabled: true }, tags: ["a"] });
  const { observability, tags } = await cloud.must("PUT", `${cloud.workers}/${id}`, { name: "settings" });
  assert.deepEqual([observability.enabled, tags], [false, []]);
  await cloud.must("DELETE", `${cloud.workers}/${id}`);
  assert.equal((await cloud.call("GET", `${cloud.workers}/${id}`)).status, 404);
});

test("the workers.dev switch is the worker's, under either path", async () => {
  const path = `accounts/${cloud.account.id}/workers/scripts/counter/subdomain`;
  await cloud.must("POST", path, { enabled: true });
  assert.equal((await cloud.must("GET", `${cloud.workers}/counter`)).subdomain.enabled, true);
  await cloud.must("DELETE", path);
  assert.deepEqual(await cloud.must("GET", path), { enabled: false, previews_enabled: false });
});

test("a version is read back exactly, without its secrets", async () => {
  const asked = aVersion({
    bindings: [
      { name: "TOKEN", type: "secret_text", text: SECRET },
      { name: "PLACE", type: "plain_text", text: "here" },
      { name: "COUNTER", type: "durable_object_namespace", class_name: "Counter" },
    ],
  });
  const { result: made } = await cloud.call("POST", `${cloud.workers}/${worker}/versions`, asked);
  const read = await cloud.must("GET", `${cloud.workers}/${worker}/versions/${made.id}?include=modules`);
  const [{ namespace_id }] = live.bindings;
  assert.deepEqual(read, { ...made, modules: asked.modules });
  assert.deepEqual(read.exports, asked.exports);
  assert.deepEqual(read.bindings, [
    { name: "COUNTER", type: "durable_object_namespace", class_name: "Counter", namespace_id },
    { name: "PLACE", type: "plain_text", text: "here" },
    { name: "TOKEN", type: "secret_text" },
  ]);
  assert.equal("limits" in read, false);
  assert.equal(cloud.log().includes(SECRET), false);
});

test("a version without deploy=true does not go live", async () => {
  const version = aVersion({ bindings: [...aVersion().bindings, { name: "PLACE", type: "plain_text", text: "elsewhere" }] });
  await cloud.must("POST", `${cloud.workers}/${worker}/versions`, version);
  assert.deepEqual(await cloud.env(), {});
});

/** @type {[string, number, Parameters<typeof aVersion>[0]][]} */
const REFUSALS = [
  ["code with a syntax error", 10021, { code: "export default {" }],
  ["code that throws at its start", 10021, { code: `throw new Error("no"); ${COUNTER}` }],
  ["code that imports what is not there", 10021, { code: `import "./missing.js"; ${COUNTER}` }],
  ["a main module that is not there", 10021, { main_module: "other.js" }],
  ["an unknown compatibility flag", 10021, { compatibility_flags: ["nonsense"] }],
  ["an export that is no handler", 10021, { code: `${COUNTER} export const other = 1;` }],
  ["a secret without text", 10021, { bindings: [{ name: "TOKEN", type: "secret_text" }] }],
  ["a binding to a class that is not declared", 10061, { bindings: [{ name: "X", type: "durable_object_namespace", class_name: "X" }] }],
  ["a declared class that the code does not export", 10070, { code: NO_CLASS }],
  ["a declared class that is a plain function", 10070, { code: `export function Counter() {} ${NO_CLASS}` }],
  ["a class that vanished", 100402, { code: NO_CLASS, bindings: [], exports: {} }],
  ["storage other than SQLite", 100402, { exports: { Counter: { type: "durable-object", storage: "legacy-kv" } } }],
  ["a field that is not emulated", 400, { migrations: { new_tag: "v1" } }],
  ["an export's field that is not emulated", 400, { exports: { Counter: { type: "durable-object", storage: "sqlite", cache: {} } } }],
  ["a rate limit without a namespace", 400, { bindings: [{ name: "L", type: "ratelimit", simple: { limit: 1, period: 60 } }] }],
  ["a rate limit with another period", 400, { bindings: [{ name: "L", type: "ratelimit", namespace_id: "7", simple: { limit: 1, period: 30 } }] }],
  ["a data set without a name", 400, { bindings: [{ name: "D", type: "analytics_engine" }] }],
  ["a binding that is not emulated", 400, { bindings: [{ name: "KV", type: "kv_namespace" }] }],
];

for (const [what, code, changes] of REFUSALS) {
  test(`${what} is refused, once and for all, and the live version stays`, async () => {
    const before = await cloud.count();
    const refused = await cloud.deploy(worker, aVersion(changes));
    assert.deepEqual([refused.code, refused.status, refused.retry], [code, 400, "false"], refused.error?.message);
    assert.equal(await cloud.count(), before + 1);
  });
}

test("the refusal of broken code says what is wrong", async () => {
  assert.match((await cloud.deploy(worker, aVersion({ code: "export default {" }))).error.message, /SyntaxError/);
  assert.match((await cloud.deploy(worker, aVersion({ compatibility_flags: ["nonsense"] }))).error.message, /flag: nonsense/);
});

test("the refusal of a vanished class says which, and the way out", async () => {
  const { error } = await cloud.deploy(worker, aVersion({ code: NO_CLASS, bindings: [], exports: {} }));
  const [detail] = error.meta.details;
  assert.equal(detail.class, "Counter");
  assert.match(detail.suggestion, /"state": "deleted"/);
});

test("an undeployed version cannot bind the class that it creates", async () => {
  const id = await cloud.createWorker("undeployed");
  const refused = await cloud.call("POST", `${cloud.workers}/${id}/versions`, aVersion());
  assert.equal(refused.code, 100406);
  await cloud.must("DELETE", `${cloud.workers}/${id}`);
});

test("unknown workers, versions and domains are 404", async () => {
  const answers = await Promise.all([
    cloud.call("GET", `${cloud.workers}/unknown`),
    cloud.call("GET", `${cloud.workers}/${worker}/versions/unknown`),
    cloud.call("PUT", cloud.domains, { hostname: "a.glow.test", service: "unknown" }),
    cloud.call("GET", `${cloud.domains}/unknown`),
    cloud.call("DELETE", `${cloud.zone}/workers/routes/unknown`),
    cloud.call("DELETE", `${cloud.zone}/dns_records/unknown`),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(404));
  assert.deepEqual(answers.slice(0, 3).map(({ code }) => code), [10090, 10009, 10007]);
});

test("deleting what is gone is 404", async () => {
  const gone = [
    `${cloud.workers}/gone`,
    `accounts/${cloud.account.id}/workers/scripts/gone/subdomain`,
    `${cloud.domains}/gone`,
    `${cloud.zone}/workers/routes/gone`,
    `${cloud.zone}/dns_records/gone`,
  ];
  const answers = await Promise.all(gone.map((path) => cloud.call("DELETE", path)));
  assert.deepEqual(answers.map(({ status }) => status), gone.map(() => 404));
});

test("a worker that a domain leads to is not deleted", async () => {
  const id = await cloud.createWorker("referenced");
  await cloud.mustDeploy(id, aVersion());
  const domain = await cloud.must("PUT", cloud.domains, { hostname: "edge.glow.test", service: "referenced", zone_id: cloud.account.zone.id });
  assert.deepEqual(domain, await cloud.must("GET", `${cloud.domains}/${domain.id}`));
  assert.equal((await cloud.call("DELETE", `${cloud.workers}/${id}`)).code, 10142);
  await cloud.must("DELETE", `${cloud.domains}/${domain.id}`);
  await cloud.must("DELETE", `${cloud.workers}/${id}`);
  assert.equal((await cloud.call("DELETE", `${cloud.domains}/${domain.id}`)).status, 404);
});

test("a domain outside the zone is refused", async () => {
  assert.equal((await cloud.call("PUT", cloud.domains, { hostname: "edge.example.com", service: "counter" })).code, 10083);
});

test("a domain needs a deployed version", async () => {
  const id = await cloud.createWorker("empty");
  assert.equal((await cloud.call("PUT", cloud.domains, { hostname: "a.glow.test", service: "empty" })).code, 10007);
  await cloud.must("DELETE", `${cloud.workers}/${id}`);
});

test("a host is a custom domain or has a record of its own, not both", async () => {
  const aRecord = (/** @type {string} */ name) => ({ name, type: "AAAA", content: "100::", ttl: 1, proxied: true });
  const aDomain = (/** @type {string} */ hostname) => ({ hostname, service: "counter" });
  const record = await cloud.must("POST", `${cloud.zone}/dns_records`, aRecord("own.glow.test"));
  const domain = await cloud.must("PUT", cloud.domains, aDomain("taken.glow.test"));

  assert.equal((await cloud.call("PUT", cloud.domains, aDomain("own.glow.test"))).code, 100117);
  assert.equal((await cloud.call("POST", `${cloud.zone}/dns_records`, aRecord("taken"))).code, 81053);
  assert.equal((await cloud.call("PUT", `${cloud.zone}/dns_records/${record.id}`, aRecord("taken.glow.test"))).code, 81053);
  const text = await cloud.must("POST", `${cloud.zone}/dns_records`, { name: "taken", type: "TXT", content: "mine", ttl: 1 });

  await cloud.must("DELETE", `${cloud.zone}/dns_records/${record.id}`);
  const freed = await cloud.must("PUT", cloud.domains, aDomain("own.glow.test"));
  await cloud.must("DELETE", `${cloud.zone}/dns_records/${text.id}`);
  for (const { id } of [domain, freed]) await cloud.must("DELETE", `${cloud.domains}/${id}`);
});

test("routes and records are created, read, replaced and deleted", async () => {
  const route = await cloud.must("POST", `${cloud.zone}/workers/routes`, { pattern: "r.glow.test/*", script: "counter" });
  assert.equal((await cloud.call("POST", `${cloud.zone}/workers/routes`, { pattern: "r.glow.test/*", script: "counter" })).code, 10020);
  await cloud.must("PUT", `${cloud.zone}/workers/routes/${route.id}`, { pattern: "s.glow.test/*", script: "counter" });
  assert.deepEqual(await cloud.must("GET", `${cloud.zone}/workers/routes/${route.id}`), { ...route, pattern: "s.glow.test/*" });
  await cloud.must("DELETE", `${cloud.zone}/workers/routes/${route.id}`);

  const record = await cloud.must("POST", `${cloud.zone}/dns_records`, { name: "r", type: "AAAA", content: "100::", ttl: 1, proxied: true });
  assert.equal(record.name, "r.glow.test");
  await cloud.must("PUT", `${cloud.zone}/dns_records/${record.id}`, { name: "r", type: "AAAA", content: "100::", ttl: 60, proxied: true, settings: {} });
  assert.equal((await cloud.must("GET", `${cloud.zone}/dns_records/${record.id}`)).ttl, 60);
  await cloud.must("DELETE", `${cloud.zone}/dns_records/${record.id}`);
});

test("a body that is not JSON is refused without quoting it", async () => {
  const response = await fetch(`${cloud.api}/${cloud.workers}`, {
    method: "POST",
    headers: { authorization: `Bearer ${cloud.account.apiToken}` },
    body: `{"text": "${SECRET}"`,
  });
  assert.equal(response.status, 400);
  assert.equal((await response.text()).includes(SECRET), false);
});
