import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";

import { Flow } from "../../../worker/flow.js";
import { LIMITS } from "../../../worker/limits.js";
import { updatesFrom } from "./support.js";

const WINDOW_MS = 50;

/** Ends every timer that is due after `ms`; each of them may set the next one. @param {number} ms */
const pass = (ms) => mock.timers.tick(ms);
/** @param {number} from @param {number} to */
const arrivals = (from, to) => updatesFrom(from, to).map((update) => ({ update, isHealed: false }));

/**
 * A flow into a room of so many sockets. `sent` are the prices of each sending.
 * @param {number} sockets
 * @param {number} [windowMs]
 */
function aFlow(sockets, windowMs = WINDOW_MS) {
  /** @type {number[][]} */
  const sent = [];
  const flow = new Flow((written) => Math.min(windowMs, LIMITS.pausePerSocketMs * written), (frame, whenWritten) => {
    sent.push(frame.map(({ update }) => update.price));
    whenWritten(sockets);
  });
  return { flow, sent };
}

beforeEach((t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {import("node:test").TestContext} */ (t).after(() => mock.timers.reset());
});

test("the first update leaves at once, those within the pause after it together", () => {
  const { flow, sent } = aFlow(1_000);
  for (const n of [1, 2, 3]) flow.push(arrivals(n, n + 1));
  assert.deepEqual(sent, [[1]]);
  pass(0);
  pass(WINDOW_MS - 1);
  assert.deepEqual(sent, [[1]]);
  pass(1);
  assert.deepEqual(sent, [[1], [2, 3]]);
});

for (const { sockets, pauseMs } of [
  { sockets: 100, pauseMs: 5 },
  { sockets: 500, pauseMs: 25 },
  { sockets: 1_000, pauseMs: WINDOW_MS },
  { sockets: 5_000, pauseMs: WINDOW_MS },
]) {
  test(`after ${sockets} sockets the pause is ${pauseMs} ms`, () => {
    const { flow, sent } = aFlow(sockets);
    for (const n of [1, 2]) flow.push(arrivals(n, n + 1));
    pass(0);
    pass(pauseMs - 1);
    assert.equal(sent.length, 1);
    pass(1);
    assert.equal(sent.length, 2);
  });
}

test("where nobody is written to, and with a window of 0, nothing waits", () => {
  for (const { flow, sent } of [aFlow(0), aFlow(5_000, 0)]) {
    for (const n of [1, 2]) flow.push(arrivals(n, n + 1));
    assert.deepEqual(sent, [[1], [2]]);
  }
});

test("the pause begins when the writing has ended", () => {
  /** @type {((sockets: number) => void)[]} */
  const written = [];
  /** @type {number[]} */
  const sizes = [];
  const flow = new Flow(() => WINDOW_MS, (frame, whenWritten) => {
    sizes.push(frame.length);
    written.push(whenWritten);
  });
  for (const n of [1, 2, 3]) flow.push(arrivals(n, n + 1));
  pass(10 * WINDOW_MS);
  assert.deepEqual(sizes, [1]);
  written[0](1_000);
  pass(0);
  pass(WINDOW_MS);
  assert.deepEqual(sizes, [1, 2]);
});

test("no more leaves at once than a replay holds", () => {
  const { flow, sent } = aFlow(1_000);
  flow.push(arrivals(0, LIMITS.replayUpdates + 1));
  assert.deepEqual(sent.map(({ length }) => length), [LIMITS.replayUpdates]);
  pass(0);
  pass(WINDOW_MS);
  assert.deepEqual(sent.map(({ length }) => length), [LIMITS.replayUpdates, 1]);
});

test("what is held leaves at the release; what was found goes before those that are not saved", () => {
  const { flow, sent } = aFlow(1);
  flow.hold();
  flow.push(arrivals(7, 10));
  flow.flush();
  assert.deepEqual(sent, []);
  flow.release(arrivals(1, 3), 2);
  assert.deepEqual(sent, [[7, 1, 2, 8, 9]]);
});
