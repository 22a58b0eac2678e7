import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";

import { LIMITS } from "../../../worker/limits.js";
import { Rounds } from "../../../worker/rounds.js";

/** @typedef {import("../../../worker/connection.js").Connection} Connection */

/** So many sockets; the rounds do nothing with them. @param {number} count */
const sockets = (count) => Array.from({ length: count }, (_, n) => /** @type {Connection} */ (/** @type {unknown} */ ({ n })));

/** What was visited, in order: the round's name. @type {string[]} */
let visited = [];
/** @param {string} name */
const visit = (name) => () => visited.push(name) > 0;
/** @type {(() => void)[]} */
let tasks = [];
const nextTask = () => tasks.splice(0).forEach((task) => task());

beforeEach((t) => {
  visited = [];
  tasks = [];
  mock.method(globalThis, "setTimeout", (/** @type {() => void} */ task) => void tasks.push(task));
  /** @type {import("node:test").TestContext} */ (t).after(() => mock.restoreAll());
});

test("a few sockets are visited at once, before the publisher is answered", () => {
  new Rounds().start(sockets(LIMITS.promptSockets), visit("a"));
  assert.equal(visited.length, LIMITS.promptSockets);
});

test("many are visited after the answer, some in each task", () => {
  /** @type {number[]} */
  const written = [];
  new Rounds().start(sockets(500), visit("a"), (count) => written.push(count));
  const counts = [0, 1, 2, 3].map((task) => (task > 0 && nextTask(), visited.length));
  assert.deepEqual(counts, [0, LIMITS.socketsPerTask, 2 * LIMITS.socketsPerTask, 500]);
  assert.deepEqual(written, [500]);
});

test("a round ends before the next begins, also a short one", () => {
  const rounds = new Rounds();
  rounds.start(sockets(LIMITS.socketsPerTask + 1), visit("long"));
  rounds.start(sockets(1), visit("short"));
  for (let task = 0; task < 3; task += 1) nextTask();
  assert.deepEqual(visited.slice(-2), ["long", "short"]);
  assert.equal(visited.length, LIMITS.socketsPerTask + 2);
});

test("one round is visited at once, those after it in tasks: the runtime writes only between tasks", () => {
  const rounds = new Rounds();
  for (const name of ["a", "b", "c"]) rounds.start(sockets(1), visit(name));
  assert.deepEqual(visited, ["a"]);
  nextTask();
  assert.deepEqual(visited, ["a", "b"]);
  nextTask();
  assert.deepEqual(visited, ["a", "b", "c"]);
});

test("a visit that throws is logged, and the others are visited", (t) => {
  const logged = t.mock.method(console, "error", () => {});
  /** @type {number[]} */
  const written = [];
  const rounds = new Rounds();
  rounds.start(sockets(3), (connection) => {
    if (/** @type {any} */ (connection).n === 1) throw new TypeError("no socket");
    return true;
  }, (count) => written.push(count));
  assert.deepEqual(written, [2]);
  const { level, event, stack } = JSON.parse(logged.mock.calls[0].arguments[0]);
  assert.deepEqual([level, event], ["error", "send_failed"]);
  assert.match(stack, /TypeError: no socket\n +at /);
});

test("an empty room has no round, but its end is told", () => {
  /** @type {number[]} */
  const written = [];
  new Rounds().start([], visit("a"), (count) => written.push(count));
  assert.deepEqual([visited, written], [[], [0]]);
});
