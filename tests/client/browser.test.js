import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { describe } from "node:test";

import { startChromium } from "./chromium.js";
import { startStack } from "./stack.js";
import { TOKEN, trades, until } from "./support.js";

const CLIENT = { type: "text/javascript", text: readFileSync(new URL("../../client/glow.js", import.meta.url), "utf8") };

/** An app that keeps the prices in variables that the test can read. @param {string} api an expression */
const appOf = (api) => `<!doctype html><title>app</title><script type="module">
  import { subscribe } from "/glow.js";
  window.app = { slots: [], states: [] };
  subscribe("${TOKEN}", {
    api: ${api},
    onPrice: ({ slot }) => app.slots.push(slot),
    onState: ({ state, path }) => app.states.push(state + " " + path),
  });
</script>`;
const APP = appOf("location.origin");

describe("in Chromium", () => {
  test("an app that imports the module follows its token from path to path", async (t) => {
    const files = { "/": { type: "text/html", text: APP }, "/glow.js": CLIENT };
    const stack = await startStack(t, { home: "aws", files });
    const chromium = await startChromium(t);
    await chromium.open(stack.url);
    await stack.serves("aws");
    stack.publish([1, 2]);
    stack.move("edge");
    stack.publish(3);
    await stack.serves("edge");
    stack.publish(4);
    await until("the old socket to be let go", () => stack.open("aws").length === 0);
    stack.move("aws");
    await stack.serves("aws", 2);
    stack.drop("aws");
    stack.publish([5, 6]);
    const { slots, states } = await chromium.sees("return window.app", (app) => app.slots.length >= 6);
    assert.deepEqual(slots, trades(1, 7).map(({ slot }) => slot));
    assert.deepEqual(states.slice(0, 5), ["connecting null", "connecting aws", "live aws", "moving aws", "live edge"]);
  });

  test("a page that is online again, or shown, looks at once whether its connection lives", async (t) => {
    const files = { "/": { type: "text/html", text: APP }, "/glow.js": CLIENT };
    const stack = await startStack(t, { files }); // which pings every 10 minutes
    const chromium = await startChromium(t);
    await chromium.open(stack.url);
    const peer = await stack.serves("edge");
    await chromium.sees("return window.app", (app) => app.states.includes("live edge"));
    for (const [pings, event] of ['window.dispatchEvent(new Event("online"))', 'document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))'].entries()) {
      await chromium.sees(`return ${event}`, () => true);
      await until("a ping", () => peer.pings > pings);
    }
    assert.equal(stack.peers.length, 1);
  });

  test("an app of another origin tries again what the gateway refuses without CORS headers", async (t) => {
    const stack = await startStack(t, { gaps: ["edge"], throttled: ["/connect/", "/tokens/"] });
    const pages = await startStack(t, { files: { "/": { type: "text/html", text: appOf(JSON.stringify(stack.url)) }, "/glow.js": CLIENT } });
    const chromium = await startChromium(t);
    await chromium.open(pages.url);
    const first = await stack.serves("edge");
    stack.publish(1);
    await chromium.sees("return window.app", (app) => app.slots.length === 1);
    first.socket.terminate();
    stack.publish([2, 3]);
    const { slots, states } = await chromium.sees("return window.app", (app) => app.slots.length >= 3);
    assert.deepEqual(slots, trades(1, 4).map(({ slot }) => slot));
    assert.ok(!states.includes("closed null"), states.join());
    assert.deepEqual(stack.throttled, []);
  });
});
