import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { promisify } from "node:util";

import { subscribe } from "../../client/glow.js";
import { until } from "../worker/support/edge.js";
import { App, startStack, TOKEN, trade, trades } from "./support.js";

/** @param {import("./support.js").Stack} stack */
const asked = (stack) => stack.requests.filter((url) => url.startsWith("/connect/"));

/** A subscription of nothing but `close` is over when Node, with no timer left, ends. @param {string} url @param {string} act */
const script = (url, act) => `
  import { WebSocket } from "ws";
  import { subscribe } from "./client/glow.js";
  let calls = 0;
  const subscription = subscribe("SOL", { api: "${url}", WebSocket, onPrice: () => (calls += 1), onState: (state) => { calls += 1; ${act} } });
  process.on("exit", () => console.log("calls after close:", calls - callsAtClose));
  let callsAtClose = NaN;
  function close() { callsAtClose = calls; subscription.close(); }
`;

test("a socket that answers no ping is dead", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stack = await startStack(t);
  const app = new App(t, stack);
  t.mock.timers.tick(1);
  await real(() => app.state === "live");
  const [peer] = stack.peers;
  t.mock.timers.tick(600_000);
  await real(() => peer.pings === 1);
  await real(() => app.state === "live");
  stack.stalled = ["edge"];
  t.mock.timers.tick(600_000);
  await real(() => peer.pings === 2);
  t.mock.timers.tick(10_000);
  await real(() => app.state === "waiting");
  assert.match(app.states.at(-1)?.reason ?? "", /no answer/);
});
