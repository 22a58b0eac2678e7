import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test, { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { subscribe } from "../../client/glow.js";
import { startStack } from "./stack.js";
import { App, hurry, TOKEN, trades, until } from "./support.js";

/** @typedef {import("./stack.js").Stack} Stack */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MINUTE_MS = 60_000;
const POLL_MS = 5_000;

/** @param {Stack} stack */
const connects = (stack) => stack.requests.filter((url) => url.startsWith("/connect/"));

test("a socket that answers pings lives, one that answers none is dead", async (t) => {
  hurry(t, 4);
  const stack = await startStack(t, { pingMs: 200 });
  const app = new App(t, stack);
  const peer = await stack.serves("edge");
  await until("pings", () => peer.pings === 5);
  assert.ok(peer.isOpen);
  stack.stalled = ["edge"];
  await app.is("waiting");
  assert.match(app.states.at(-1)?.reason ?? "", /no answer for 10000 ms/);
  stack.stalled = [];
  await stack.serves("edge", 2);
});

test("a timer that runs late, as in a hidden tab, is not yet the proof of a dead socket", async (t) => {
  const [{ setTimeout }, now] = [globalThis, performance.now.bind(performance)];
  /** Delay → the last timer with that delay; the test runs the timers itself. @type {Record<number, () => void>} */
  const timers = {};
  t.mock.method(globalThis, "setTimeout", (/** @type {any} */ act, /** @type {number} */ delayMs, /** @type {any[]} */ ...given) => {
    timers[delayMs] = act;
    const timer = setTimeout(act, delayMs, ...given);
    return delayMs >= 10_000 ? timer.unref() : timer;
  });
  const stack = await startStack(t, { pingMs: MINUTE_MS });
  const app = new App(t, stack);
  await app.is("live");
  timers[MINUTE_MS]();
  t.mock.method(performance, "now", () => now() + 2 * MINUTE_MS);
  timers[10_000]();
  assert.equal(app.state, "live");
  timers[10_000]();
  assert.equal(app.state, "waiting");
});

test("a socket that opens and does not serve is given up", async (t) => {
  hurry(t, 4);
  const stack = await startStack(t, { stalled: ["edge"] });
  const app = new App(t, stack);
  await app.is("waiting");
  assert.equal(stack.peers.length, 1);
});

test("a path that cannot be opened for 10 s is avoided", async (t) => {
  hurry(t, 8);
  const stack = await startStack(t, { refused: ["edge"] });
  const app = new App(t, stack);
  await stack.serves("aws");
  stack.publish(1);
  await app.has(1);
  const tries = stack.requests.slice(0, -1);
  assert.ok(tries.length >= 4, "the path is tried twice or more");
  assert.deepEqual(tries, tries.map((_, index) => (index % 2 === 0 ? `/connect/${TOKEN}` : "refused edge")));
  assert.equal(stack.requests.at(-1), `/connect/${TOKEN}?avoid=edge`);
  assert.deepEqual(app.states.at(-1)?.path, "aws");
});

for (const isDual of [false, true]) {
  test(`without any socket prices come by polling, ${isDual ? "both paths tried" : "the only path tried on"}`, async (t) => {
    hurry(t, 4);
    const stack = await startStack(t, { isDual, refused: ["aws", "edge"], pingMs: 2 * POLL_MS });
    stack.publish(1);
    const app = new App(t, stack);
    await app.has(1);
    assert.equal(app.state, "polling");
    stack.publish([2, 3, 4, 5]);
    await app.has(5);
    stack.refused = [];
    await app.is("live");
    stack.publish(6);
    await app.has(6);
    assert.deepEqual([app.updates, app.late], [trades(1, 7), []]);
    assert.deepEqual(app.states.slice(-2).map(({ state }) => state), ["polling", "live"]);

    const requests = stack.requests.length;
    await until("a ping, two polls later", () => stack.peers.some(({ pings }) => pings > 0));
    assert.equal(stack.requests.length, requests, "a socket that serves ends the polling");
  });
}

test("close code 1008 ends the subscription, with its reason", async (t) => {
  const stack = await startStack(t);
  const app = new App(t, stack);
  await stack.serves("edge");
  stack.close("edge", 1008, "too many messages");
  await app.is("closed");
  assert.equal(app.states.at(-1)?.reason, "too many messages");
  assert.equal(connects(stack).length, 1);
});

for (const code of [1000, 1001, 1011, 4008]) {
  test(`close code ${code} reconnects`, async (t) => {
    const stack = await startStack(t);
    const app = new App(t, stack);
    await stack.serves("edge");
    stack.close("edge", code);
    await stack.serves("edge", 2);
    await app.is("live");
  });
}

test("close code 4009 asks again where to connect", async (t) => {
  const stack = await startStack(t);
  new App(t, stack);
  await stack.serves("edge");
  stack.home = "aws";
  stack.close("edge", 4009, "moved");
  await stack.serves("aws");
  assert.equal(connects(stack).length, 2);
});

for (const code of ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS"]) {
  test(`the error ${code} ends the subscription`, async (t) => {
    const stack = await startStack(t, { home: "aws" });
    const app = new App(t, stack);
    (await stack.serves("aws")).say({ type: "ERROR", code, message: "not here" });
    await app.is("closed");
    assert.equal(app.states.at(-1)?.reason, "not here");
  });
}

test("an internal error, and a frame that is not JSON, reconnect", async (t) => {
  const stack = await startStack(t, { home: "aws" });
  new App(t, stack);
  (await stack.serves("aws")).say({ type: "ERROR", code: "INTERNAL", message: "try again" });
  (await stack.serves("aws", 2)).socket.send("<html>");
  await stack.serves("aws", 3);
});

for (const status of [400, 404]) {
  test(`HTTP ${status} from /connect ends the subscription`, async (t) => {
    const stack = await startStack(t, { connectStatus: status });
    const app = new App(t, stack);
    await app.is("closed");
    assert.deepEqual(app.states.at(-1), { state: "closed", path: null, reason: `${TOKEN} is not streamed` });
  });
}

test("while /connect fails, the last answer holds", async (t) => {
  const stack = await startStack(t);
  new App(t, stack);
  await stack.serves("edge");
  stack.connectStatus = 503;
  stack.drop("edge");
  await stack.serves("edge", 2);
});

test("while /connect has never answered, it is asked again", async (t) => {
  const stack = await startStack(t, { connectStatus: 503 });
  const app = new App(t, stack);
  await app.is("waiting");
  stack.connectStatus = 200;
  await stack.serves("edge");
});

test("without any WebSocket the remedy is named", (t) => {
  const { WebSocket } = globalThis;
  t.after(() => Object.assign(globalThis, { WebSocket }));
  Reflect.deleteProperty(globalThis, "WebSocket"); // as Node before 22
  assert.throws(() => subscribe(TOKEN, { api: "http://127.0.0.1:1", onPrice() {} }), /Pass that of the package ws/);
});

describe("after close()", () => {
  /** Moment → how the stack must be for it. @type {Record<string, (stack: Stack) => void>} */
  const MOMENTS = {
    connecting: () => {},
    live: () => {},
    waiting: (stack) => void (stack.refused = ["edge"]),
    polling: (stack) => Object.assign(stack, { refused: ["aws", "edge"], pricesReady: new Promise(() => {}) }),
    moving: (stack) => void stack.serves("edge").then(() => stack.move("aws", MINUTE_MS)),
  };
  for (const [moment, prepare] of Object.entries(MOMENTS)) {
    test(`no callback is called and nothing keeps Node alive: ${moment}`, async (t) => {
      const stack = await startStack(t);
      prepare(stack);
      const script = `
        import { WebSocket } from "ws";
        import { subscribe } from "./client/glow.js";
        const [{ setTimeout }, now] = [globalThis, performance.now.bind(performance)]; // 10 times as fast
        globalThis.setTimeout = (act, delayMs, ...given) => setTimeout(act, delayMs / 10, ...given);
        performance.now = () => now() * 10;
        let calls = 0;
        const subscription = subscribe("${TOKEN}", {
          api: "${stack.url}", WebSocket, onPrice: () => (calls += 1),
          onState({ state }) {
            calls += 1;
            if (state !== "${moment}") return;
            subscription.close();
            const callsBefore = calls;
            process.on("exit", () => console.log(calls - callsBefore));
          },
        });`;
      const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT, timeout: 20_000 });
      assert.equal((await run).stdout, "0\n");
    });
  }
});

test("an exception of the app reaches the global handler, and the stream goes on", async (t) => {
  const stack = await startStack(t);
  stack.publish(1);
  const script = `
    import { WebSocket } from "ws";
    import { subscribe } from "./client/glow.js";
    const caught = [];
    process.on("uncaughtException", ({ message }) => caught.push(message));
    const subscription = subscribe("${TOKEN}", {
      api: "${stack.url}", WebSocket,
      onPrice({ slot }) {
        if (slot === 1) setTimeout(() => console.log("ready"));
        if (slot === 2) setTimeout(() => subscription.close());
        throw new Error("of the app: " + slot);
      },
    });
    process.on("exit", () => console.log(caught.join(", ")));`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT, timeout: 20_000 });
  await stack.serves("edge");
  stack.publish(2);
  assert.match((await run).stdout, /of the app: 1, of the app: 2/);
});
