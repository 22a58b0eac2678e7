import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { LIMITS } from "../../../worker/limits.js";
import { Links } from "../../../worker/links.js";
import { sampleLog } from "../../../worker/log.js";

/** @typedef {import("../../../worker/link.js").Link} Link */
/** @typedef {import("../../../worker/hub_client.js").Subscription} Subscription */

const TOKEN = "SOL";
/** So that waits are no whole milliseconds. */
const PART = 0.777;

/** Promises that are settled have been heeded. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/**
 * A hub's links on a Worker's clock: it stands still while code runs, and shows in a timer when that was due. Timers are due after whole
 * milliseconds, as in workerd. `tries` are the times at which the room was called, which fails.
 * @param {import("node:test").TestContext} t
 */
function linksToALostRoom(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { setTimeout } = globalThis;
  mock.method(globalThis, "setTimeout", (/** @type {() => void} */ act, /** @type {number} */ delayMs) => setTimeout(act, Math.trunc(delayMs)));
  mock.method(Math, "random", () => PART);
  sampleLog(0);
  t.after(() => mock.reset());
  /** @type {number[]} */
  const tries = [];
  const links = new Links(10, async () => {
    tries.push(Date.now());
    throw new Error("the room was reset");
  }, { items() {}, state() {}, moved() {}, ended() {} });
  links.follow(/** @type {Subscription} */ ({ token: TOKEN, after: null, delivery: "all" }));
  return { links, tries };
}

test("a room that was lost is called again, each time, and ever less often", async (t) => {
  const { links, tries } = linksToALostRoom(t);
  links.openSome();
  for (let failures = 0; failures < 8; failures++) {
    await settled();
    assert.equal(tries.length, failures + 1);
    const waitMs = Math.floor(PART * Math.min(LIMITS.reopenMs * 2 ** failures, LIMITS.reopenMaxMs));
    mock.timers.tick(waitMs - 1);
    links.openSome(); // as when another client comes
    await settled();
    assert.equal(tries.length, failures + 1);
    mock.timers.tick(1);
  }
});
