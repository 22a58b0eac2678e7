import assert from "node:assert/strict";
import test from "node:test";

import { CLOSE } from "../../../worker/close.js";
import { LIMITS } from "../../../worker/limits.js";
import { Seats } from "../../../worker/seats.js";

/** @typedef {import("../../../worker/connection.js").Connection} Connection */

const NOW_MS = 1_750_000_000_000;

/**
 * The part of a connection that seats use. `closedWith` is how it was closed.
 * @param {{network?: string, heardMs?: number, untilMs?: number, isClosed?: boolean}} [state]
 */
function aConnection({ network = "", heardMs = NOW_MS, untilMs = Infinity, isClosed = false } = {}) {
  const connection = { socket: {}, network, heardMs, untilMs, isClosed, closedWith: 0, close: (/** @type {{code: number}} */ { code }) => (connection.closedWith = code) };
  return /** @type {Connection & {closedWith: number}} */ (/** @type {unknown} */ (connection));
}

test("a socket that the room closed frees its seat at once, and takes none after a hibernation", () => {
  const [one, two] = [aConnection(), aConnection()];
  const seats = new Seats(2, [one, two, aConnection({ isClosed: true })]);
  assert.ok(seats.isFull);
  seats.close(one, CLOSE.TOO_SLOW);
  assert.deepEqual([seats.size, seats.isFull, one.closedWith], [1, false, CLOSE.TOO_SLOW.code]);
  seats.leave(one.socket); // its close event
  assert.equal(seats.size, 1);
});

test("one network gets a quarter of the seats, others the rest", () => {
  const seats = new Seats(8, []);
  const first = aConnection({ network: "203.0.113.1" });
  seats.take(first);
  assert.ok(!seats.hasEnough("203.0.113.1"));
  seats.take(aConnection({ network: "203.0.113.1" }));
  assert.ok(seats.hasEnough("203.0.113.1"));
  assert.ok(!seats.hasEnough("203.0.113.2"));
  seats.leave(first.socket);
  assert.ok(!seats.hasEnough("203.0.113.1"));
});

test("a small room has a seat for each network, and an unknown network is not counted", () => {
  const seats = new Seats(3, [aConnection({ network: "203.0.113.1" }), aConnection(), aConnection()]);
  assert.ok(seats.hasEnough("203.0.113.1") && !seats.hasEnough("203.0.113.2") && !seats.hasEnough(""));
});

test("who has said nothing for two minutes is closed, once a minute", () => {
  const [gone, alive] = [aConnection({ heardMs: NOW_MS - LIMITS.silentMs }), aConnection({ heardMs: NOW_MS - LIMITS.silentMs + 1 })];
  const seats = new Seats(9, [gone, alive]);
  seats.sweep(NOW_MS);
  assert.deepEqual([seats.all(), gone.closedWith, alive.closedWith], [[alive], CLOSE.SILENT.code, 0]);
  seats.sweep(NOW_MS + 1);
  assert.equal(seats.size, 1);
  seats.sweep(NOW_MS + LIMITS.sweepMs);
  assert.equal(seats.size, 0);
});

test("a hub has a seat where clients have none, and its clients count in its place", () => {
  const seats = new Seats(1, [aConnection()]);
  const hub = Object.assign(aConnection(), { followers: 5 });
  assert.deepEqual([seats.isFull, seats.isFullOfHubs], [true, false]);
  seats.take(hub);
  assert.deepEqual([seats.size, seats.clients], [2, 6]);
  seats.report(hub, 7);
  assert.equal(seats.clients, 8);
  seats.leave(hub.socket);
  assert.equal(seats.clients, 1);
});

test("there is an end to the hubs of a room", () => {
  const seats = new Seats(1, Array.from({ length: LIMITS.hubSeats }, () => Object.assign(aConnection(), { followers: 0 })));
  assert.ok(seats.isFullOfHubs);
});

test("who may no longer listen is closed at the end of the access token, and it is known when the next one ends", () => {
  const [first, second, third, unlimited] = [3, 1, 2, Infinity].map((n) => aConnection({ untilMs: NOW_MS + n }));
  const seats = new Seats(9, [first, second, third, unlimited]);
  assert.equal(seats.firstEndMs, NOW_MS + 1);
  seats.closeExpired(NOW_MS);
  assert.equal(seats.size, 4);
  seats.closeExpired(NOW_MS + 2);
  assert.deepEqual([first, second, third].map(({ closedWith }) => closedWith), [0, 4001, 4001]);
  assert.equal(seats.firstEndMs, NOW_MS + 3);
  seats.leave(first.socket);
  seats.closeExpired(NOW_MS + 3); // nobody is left whose token ends
  assert.deepEqual([seats.firstEndMs, seats.size, unlimited.closedWith], [Infinity, 1, 0]);
});
