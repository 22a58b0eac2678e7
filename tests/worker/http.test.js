import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import test, { after, describe } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, PREVIOUS_SECRET, SECRET, startEdge, until } from "./support/edge.js";

const edge = await startEdge({ after }, { vars: { WEBHOOK_SECRET_PREVIOUS: PREVIOUS_SECRET } });

/** @param {Response} response @param {number} status */
async function assertRefused(response, status) {
  assert.equal(response.status, status);
  const { success, error } = await response.json();
  assert.equal(success, false);
  assert.match(error.code, /^[A-Z_]+$/);
  assert.ok(error.message.length > 0 && !error.message.includes(SECRET));
}

test("health", async () => {
  const { status, timestamp, ...rest } = await (await edge.fetch("/health")).json();
  assert.deepEqual({ status, rest }, { status: "healthy", rest: {} });
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("health answers HEAD as GET, without a body", async () => {
  const [got, headed] = [await edge.fetch("/health"), await edge.fetch("/health", { method: "HEAD" })];
  assert.equal(headed.status, 200);
  assert.equal(headed.headers.get("content-type"), got.headers.get("content-type"));
  assert.equal(await headed.text(), "");
});

test("what the old guide posts is taken", async () => {
  const response = await edge.post("TEST_TOKEN", { price: 0.5, timestamp: 1_700_000_000 });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { success: true, connections: 0 });
});

test("one update or an array, also an empty one", async () => {
  for (const body of [anUpdate(1), [anUpdate(2), anUpdate(3)], []]) {
    assert.deepEqual(await edge.broadcast("BODIES", body), { success: true, connections: 0 });
  }
});

test("while rotating, both secrets are taken", async () => {
  assert.equal((await edge.post("ROTATE", anUpdate(1), { secret: PREVIOUS_SECRET })).status, 200);
  assert.equal((await edge.post("ROTATE", anUpdate(1), { secret: SECRET })).status, 200);
});

for (const secret of [null, "", "wrong", SECRET.slice(0, -1), `${SECRET}x`]) {
  test(`the secret ${JSON.stringify(secret)} is refused`, async () => {
    const response = await edge.post("SECRETS", anUpdate(1), { secret });
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    await assertRefused(response, 401);
  });
}

for (const [name, body] of Object.entries({
  "no JSON": "{",
  "an empty body": "",
  "text": '"hello"',
  "no price": { timestamp: 1 },
  "one bad update in an array": [anUpdate(1), { price: 1 }],
})) {
  test(`${name} is a bad request`, async () => assertRefused(await edge.post("BAD", body), 400));
}

for (const query of ["?stored=yes", "?stored=true&stored=true", "?stored=null"]) {
  test(`${query} is a bad request`, async () => {
    await assertRefused(await edge.postTo(`/broadcast/STORED${query}`, anUpdate(1)), 400);
    await edge.command("/broadcast/STORED?stored=false", anUpdate(1));
  });
}

test("bytes that are not UTF-8 are a bad request", async () => {
  const init = { method: "POST", headers: { authorization: `Bearer ${SECRET}` }, body: Buffer.from([0x22, 0xff, 0x22]) };
  await assertRefused(await edge.fetch("/broadcast/BAD", init), 400);
});

test("of an array with a bad update none is sent", async () => {
  const client = await edge.connect("WHOLE");
  await edge.post("WHOLE", [anUpdate(1), { price: 1 }]);
  await edge.broadcast("WHOLE", anUpdate(2));
  await client.hasUpdates(1);
  assert.deepEqual(client.updates.map(({ id }) => id), [anUpdate(2).id]);
});

for (const token of ["a%20b", "a.b", "a%2Fb", "x".repeat(65), "", "%00"]) {
  test(`the token ${JSON.stringify(token)} is a bad request`, async () => {
    await assertRefused(await edge.post(token, anUpdate(1)), 400);
    assert.equal((await edge.refusal(token)).status, 400);
  });
}

test("a body over the bound is refused, one at the bound is read", async () => {
  await assertRefused(await edge.post("HUGE", " ".repeat(LIMITS.bodyBytes + 1)), 413);
  await assertRefused(await edge.post("HUGE", " ".repeat(LIMITS.bodyBytes)), 400);
});

test("a body without a length is bounded too", async () => {
  const { request, status } = streamedPost("/broadcast/HUGE");
  for (let sent = 0; sent <= LIMITS.bodyBytes; sent += 65_536) request.write(" ".repeat(65_536));
  assert.equal(await status, 413);
  request.destroy();
});

/** @param {string} path */
function streamedPost(path) {
  const request = http.request(new URL(path, edge.url), {
    method: "POST",
    headers: { authorization: `Bearer ${SECRET}`, "transfer-encoding": "chunked" },
  });
  /** @type {Promise<number | undefined>} */
  const status = new Promise((resolve, reject) => {
    request.on("response", (response) => resolve(response.statusCode));
    request.on("error", reject);
  });
  return { request, status };
}

for (const [method, path, allow] of [
  ["POST", "/health", "GET, HEAD"],
  ["GET", "/broadcast/T", "POST"],
  ["PUT", "/broadcast/T", "POST"],
  ["DELETE", "/broadcast/T", "POST"],
  ["POST", "/ws/T", "GET"],
  ["POST", "/", "GET"],
]) {
  test(`${method} ${path} is the wrong method`, async () => {
    const response = await edge.fetch(path, { method });
    assert.equal(response.headers.get("allow"), allow);
    await assertRefused(response, 405);
  });
}

for (const path of ["/nothing", "/broadcast", "/ws", "/ws/T/more", "/broadcast/T/more", "/health/", "/constructor", "/__proto__"]) {
  test(`${path} is not found`, async () => assertRefused(await edge.fetch(path, { method: "POST" }), 404));
}

test("a plain GET of a socket's path is told to upgrade", async () => {
  await assertRefused(await edge.fetch("/ws/T"), 426);
});

test("a token that is not served is not found", async (t) => {
  const some = await startEdge(t, { vars: { TOKENS: "A,B" } });
  await some.broadcast("A", anUpdate(1));
  await assertRefused(await some.post("C", anUpdate(1)), 404);
  assert.equal((await some.refusal("C")).status, 404);
});

describe("a room that fails", () => {
  test("by a reset is called again: the post is not lost", async () => {
    await edge.broadcast("RESET", anUpdate(1));
    await edge.probe("RESET", "crashNext", { times: 1 });
    assert.deepEqual(await edge.broadcast("RESET", anUpdate(2)), { success: true, connections: 0 });
  });

  test("by two resets is unavailable: the publisher posts again", async () => {
    await edge.probe("RESETS", "crashNext", { times: 2 });
    const response = await edge.post("RESETS", anUpdate(1));
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    await assertRefused(response, 503);
    await edge.probe("RESETS", "crashNext", { times: 0 });
  });

  test("by a fault of ours is an internal error, and the log has its stack", async () => {
    await edge.probe("FAULT", "execute", { sql: "CREATE TABLE room (one INTEGER)" });
    await assertRefused(await edge.post("FAULT", anUpdate(1)), 500);
    const line = await until("the log", () => edge.logs.join("").split("\n").find((each) => each.includes("request_failed") && each.includes("SQLITE")), () => edge.logs);
    const { level, stack } = JSON.parse(line.slice(line.indexOf("{")));
    assert.equal(level, "error");
    assert.match(stack, /at /);
  });
});

test("without any secret every post is refused", async (t) => {
  const open = await startEdge(t, { vars: { WEBHOOK_SECRET: "" } });
  await assertRefused(await open.post("T", anUpdate(1), { secret: "" }), 401);
});

describe("the test page", () => {
  for (const path of ["/", "/chart.js", "/lightweight-charts.js", "/client.js", "/page.js"]) {
    test(`${path} is off unless asked for`, async () => assertRefused(await edge.fetch(path), 404));
  }

  test("runs only its own scripts and style, and connects only to the stack", async (t) => {
    const vars = { TEST_PAGE: "true", REST_API_URL: "https://rest.example.com/dev", WEBSOCKET_URL: "wss://sockets.example.com/live", TOKENS: 'mintA,">' };
    const withPage = await startEdge(t, { vars });
    const response = await withPage.fetch("/");
    const page = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    const [, nonce] = /script-src 'nonce-([^']+)' 'self';/.exec(policy) ?? [];
    assert.match(policy, /^default-src 'none'/);
    const { host } = withPage.url;
    assert.ok(policy.includes(`connect-src ws://${host} wss://${host} https://rest.example.com wss://sockets.example.com;`));
    assert.ok(page.includes(`<script type="module" nonce="${nonce}" src="/page.js">`) && page.includes(`<style nonce="${nonce}">`));
    assert.ok(page.includes('<body data-api="https://rest.example.com/dev" data-tokens="mintA,%22%3E">'));
    assert.doesNotMatch(page, /(src|href)="(?!\/page\.js"|https:\/\/www\.tradingview\.com\/")/); // the link that the chart's licence asks for
    assert.notEqual((await (await withPage.fetch("/")).text()), page, "a nonce is used once");
  });

  test("serves the client library and its own script, always the deployed ones", async (t) => {
    const withPage = await startEdge(t, { vars: { TEST_PAGE: "true" } });
    for (const [path, file] of [["/lightweight-charts.js", "worker/browser/vendor/lightweight-charts.js"], ["/chart.js", "worker/browser/chart.js"], ["/client.js", "client/glow.js"], ["/page.js", "worker/browser/page.js"]]) {
      const response = await withPage.fetch(path);
      assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(await response.text(), readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
    }
  });

  test("may connect by the Worker's own origin", async () => {
    const client = await edge.connect("OWN", { headers: { origin: edge.url.origin } });
    await client.close();
  });
});
