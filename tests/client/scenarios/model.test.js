/** Whatever happens to a feed, each trade is handed over once, and in the end each token is served where it lives. */

import assert from "node:assert/strict";
import test from "node:test";

import { Feed } from "../../../client/src/feed.js";
import { numberOf, trade } from "./trades.js";
import { VirtualStack } from "./virtual.js";
import { VirtualHost } from "./virtual_device.js";
import { VirtualTime } from "./virtual_time.js";

const SEEDS = 60;
const EVENTS = 120;
const PATHS = ["aws", "edge"];
const TOKENS = ["A", "B", "C", "D", "E"];
/** They are left and followed again; the others are followed all the while. */
const GUESTS = ["X", "Y"];
const QUIET_SECONDS = 900; // longer than a path is avoided
const PASSES = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`p${n}`, { endsAt: (n + 1) * 40 }]));

/** Numbers from 0 to 1 that are the same in each run. @param {number} seed */
function draws(seed) {
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
}

/** A stack, an app with a feed, and what happens to them. */
class World {
  time = new VirtualTime();
  stack = new VirtualStack(this.time);
  /** By token, the numbers that were published since it was followed first. @type {Record<string, number[]>} */
  published = {};
  /** @type {Record<string, number[]>} */
  handed = {};
  /** @type {Record<string, import("../../../client/glow.js").FeedSubscription>} */
  guests = {};
  second = 0;
  /** @type {Feed} */
  feed;
  /** What happened, for the message of a test that fails. @type {string[]} */
  story = [];

  /** @param {() => number} draw */
  constructor(draw) {
    this.draw = draw;
    const device = new VirtualHost(this.stack, 0.5);
    device.random = draw;
    this.device = device;
    this.stack.hearsAfterMs = () => 10 + 500 * draw() ** 4;
    this.hasPasses = draw() < 0.3;
    if (this.hasPasses) this.stack.passes = PASSES;
    const getToken = () => `p${Math.floor((this.time.nowMs / 1_000 + 20) / 40)}`;
    this.feed = new Feed({ api: "http://stack", WebSocket: device.WebSocket, ...(this.hasPasses && { getToken }) }, device.host);
    for (const token of TOKENS) this.follow(token);
  }

  /** @param {string} token */
  follow(token) {
    this.handed[token] = [];
    this.published[token] = [];
    return this.feed.subscribe(token, { onPrice: ({ id }) => void this.handed[token].push(numberOf(id)), onState() {} });
  }

  /** @template T @param {readonly T[]} list */
  one(list) {
    return list[Math.floor(this.draw() * list.length)];
  }

  async happen() {
    const token = this.one(TOKENS);
    const path = this.one(PATHS);
    /** @type {Record<string, () => void>} */
    const events = {
      publish: () => this.publish([...TOKENS, ...GUESTS].filter(() => this.draw() < 0.5)),
      publishAll: () => this.publish([...TOKENS, ...GUESTS]),
      move: () => this.stack.move(token, path),
      letGo: () => this.stack.letGo(token, path),
      close: () => this.stack.open(path).forEach((socket) => socket.end(1006, "")),
      cut: () => this.stack.open(path).forEach((socket) => (socket.isCut = true)),
      forget: () => this.stack.forget(path),
      refuse: () => (this.stack.refused = [path]),
      accept: () => Object.assign(this.stack, { refused: [], offline: false, unavailable: [], prices: null }),
      offline: () => (this.stack.offline = true),
      unavailable: () => (this.stack.unavailable = [token]),
      unserve: () => this.stack.open(path).filter(({ served }) => served.delete(token)).forEach((socket) => socket.say({ type: "ERROR", code: "UNAVAILABLE", message: "", token })),
      failReads: () => (this.stack.prices = [503, ""]),
      wake: () => this.feed.wake(),
      guest: () => {
        const guest = this.one(GUESTS);
        const before = this.guests[guest];
        before?.close();
        delete this.guests[guest];
        if (before === undefined || this.draw() < 0.3) this.guests[guest] = this.follow(guest);
      },
    };
    const [name, act] = this.one([...Object.entries(events), ...Array(6).fill(["publish", events.publish])]);
    this.story.push(`${this.second} ${name} ${token} ${path}`);
    act();
    this.second += Math.ceil(this.draw() * 4);
    await this.time.run(this.second * 1_000);
  }

  /** @param {readonly string[]} tokens */
  publish(tokens) {
    for (const token of tokens) {
      const update = trade(token, this.second);
      this.published[token]?.push(this.second);
      this.stack.store([update]);
      for (const path of PATHS) this.stack.send(path, [update]);
    }
  }

  async settle() {
    Object.assign(this.stack, { refused: [], offline: false, unavailable: [], prices: null });
    this.stack.store(TOKENS.map((token) => trade(token, this.second)));
    this.second += QUIET_SECONDS;
    await this.time.run(this.second * 1_000);
  }
}

test("whatever happens to a feed, each trade comes once, and each token is served in the end", async (t) => {
  let closedEarly = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new World(draws(seed));
    await world.time.run(1_000);
    world.second = 1;
    for (let n = 0; n < EVENTS; n += 1) await world.happen();
    for (const guest of Object.values(world.guests)) guest.close();
    await world.settle();
    world.publish(TOKENS);
    await world.time.run((world.second + 5) * 1_000);
    const about = (/** @type {string} */ token) => `token ${token}, seed ${seed}:\n${world.story.join("\n")}\n`;
    assert.equal(world.feed.state.state, "live", about("all") + JSON.stringify(world.feed.state));
    for (const token of TOKENS) {
      const handed = world.handed[token];
      assert.equal(new Set(handed).size, handed.length, `twice: ${about(token)}`);
      const missing = world.published[token].filter((n) => !handed.includes(n));
      assert.deepEqual(missing, [], `missing: ${about(token)}`);
    }
    const open = world.stack.sockets.filter(({ isOpen, isCut }) => isOpen && !isCut);
    assert.ok(open.length <= PATHS.length, `${open.length} sockets: ${about("all")}`);
    assert.deepEqual(open.flatMap(({ served }) => [...served.keys()]).sort(), TOKENS, about("all"));
    world.feed.close();
    await world.time.run((world.second + 60) * 1_000);
    closedEarly += world.stack.sockets.filter(({ isOpen }) => isOpen).length;
  }
  assert.equal(closedEarly, 0, "sockets outlive their feed");
  t.diagnostic(`${SEEDS} runs of ${EVENTS} events`);
});
