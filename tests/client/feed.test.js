import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test, { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { WebSocket } from "ws";

import { connect } from "../../client/glow.js";
import { startStack } from "./stack.js";
import { idsOf, trade, trades, until } from "./support.js";

/** @typedef {import("../../client/glow.js").Feed} Feed */
/** @typedef {import("../../client/glow.js").FeedOptions} FeedOptions */
/** @typedef {import("../../client/glow.js").FollowOptions} FollowOptions */
/** @typedef {import("../../client/glow.js").State} State */
/** @typedef {import("../../client/glow.js").Update} Update */

const PATHS = /** @type {const} */ (["aws", "edge"]);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** An app with a feed, which keeps what it receives of each token. */
class Watchlist {
  /** By token. @type {Record<string, Update[]>} */
  updates = {};
  /** @type {Record<string, State[]>} */
  states = {};

  /** @param {import("node:test").TestContext} t @param {{url: string}} stack @param {Partial<FeedOptions>} [options] */
  constructor(t, stack, options = {}) {
    this.feed = connect({ api: stack.url, WebSocket, ...options });
    t.after(() => this.feed.close());
  }

  /** @param {readonly string[]} tokens @param {Partial<FollowOptions>} [options] */
  follow(tokens, options = {}) {
    return tokens.map((token) => {
      this.updates[token] = [];
      this.states[token] = [];
      const onPrice = (/** @type {Update} */ update) => void this.updates[token].push(update);
      return this.feed.subscribe(token, { onPrice, onState: (state) => void this.states[token].push(state), ...options });
    });
  }

  /** @param {string} state */
  async is(state) {
    await until(`the state ${state}`, () => this.feed.state.state === state, () => this.feed.state);
  }

  /** @param {number} count of each token */
  async has(count) {
    await until(`${count} updates of each token`, () => Object.values(this.updates).every((updates) => updates.length >= count), () => Object.entries(this.updates).map(([token, updates]) => [token, updates.length]));
  }
}

/** Tokens that come back together do so in any order. @param {{token: string}} a @param {{token: string}} b */
const byToken = (a, b) => (a.token < b.token ? -1 : 1);

/** @param {number} count */
const tokensOf = (count) => Array.from({ length: count }, (_, index) => `T${index + 1}`);

for (const path of PATHS) {
  describe(path, () => {
    test("fifty tokens take one request and one socket, and each trade comes once", async (t) => {
      const stack = await startStack(t, { home: path });
      const app = new Watchlist(t, stack);
      const tokens = tokensOf(50);
      app.follow(tokens);
      await app.is("live");
      stack.publish(1, PATHS, tokens);
      stack.publish([2, 3], PATHS, tokens);
      stack.publish(3, PATHS, tokens);
      stack.publish(4, PATHS, tokens);
      await app.has(4);
      for (const token of tokens) assert.deepEqual(idsOf(app.updates[token]), idsOf(trades(1, 5)), token);
      assert.deepEqual([stack.peers.length, stack.requests.length], [1, 1]);
      assert.deepEqual(app.feed.newest("T7"), trade(4, "T7"));
      assert.deepEqual(app.feed.state, { state: "live", path, reason: null });
    });

    test("a socket that is dropped comes back with all its tokens, each after its own last id, in one request", async (t) => {
      const stack = await startStack(t, { home: path });
      const app = new Watchlist(t, stack);
      app.follow(["A", "B"]);
      await app.is("live");
      stack.publish(1, PATHS, ["A"]);
      stack.publish(2, PATHS, ["B"]);
      await app.has(1);
      stack.drop(path);
      stack.publish(3, PATHS, ["A", "B"]);
      await app.has(2);
      const [{ subscriptions }, ...others] = stack.peers[1].commands;
      assert.deepEqual(subscriptions.sort(byToken), [{ token: "A", after: trade(1).id }, { token: "B", after: trade(2).id }]);
      assert.deepEqual(others, []);
      assert.deepEqual([app.updates.A, app.updates.B].map(idsOf), [idsOf([trade(1), trade(3)]), idsOf([trade(2), trade(3)])]);
      assert.equal(stack.requests.length, 2);
    });

    test("a token that moves is delivered by its old path until the new one serves, and the others stay", async (t) => {
      const other = path === "aws" ? "edge" : "aws";
      const stack = await startStack(t, { home: path });
      const app = new Watchlist(t, stack);
      app.follow(["A", "B"]);
      await app.is("live");
      stack.publish([1, 2], PATHS, ["A", "B"]);
      stack.moveToken("A", other);
      stack.publish(3, PATHS, ["A", "B"]);
      const peer = await stack.serves(other);
      stack.publish(4, PATHS, ["A", "B"]);
      await app.has(4);
      for (const token of ["A", "B"]) assert.deepEqual(idsOf(app.updates[token]), idsOf(trades(1, 5)));
      assert.deepEqual(peer.beside.map((each) => each.path), [path]);
      assert.deepEqual(app.states.A.map(({ state, path: on }) => `${state} ${on}`).slice(-3), [`live ${path}`, `moving ${path}`, `live ${other}`]);
      await until("the old socket to let go of A", () => stack.peers[0].served.size === 1, () => [...stack.peers[0].served.keys()]);
      stack.moveToken("B", other);
      await until("the old socket to be closed", () => !stack.peers[0].isOpen);
      assert.equal(stack.peers.length, 2);
    });
  });
}

test("a page that draws its list anew leaves a token and follows it again, and nothing is sent", async (t) => {
  const stack = await startStack(t);
  const app = new Watchlist(t, stack);
  const [a] = app.follow(["A", "B"]);
  await app.is("live");
  stack.publish(1, PATHS, ["A"]);
  await until("a price", () => app.updates.A.length === 1);
  a.close();
  app.follow(["A"]);
  await until("the newest price again", () => app.updates.A.length === 1);
  stack.publish(2, PATHS, ["A", "B"]);
  await until("the next price", () => app.updates.A.length === 2);
  assert.deepEqual(stack.peers[0].commands, [{ action: "subscribePrice", subscriptions: [{ token: "A" }, { token: "B" }] }]);
  assert.equal(a.state.state, "closed");
});

test("snapshots stay the same objects until they change, and a late trade does not change the newest", async (t) => {
  const stack = await startStack(t);
  const app = new Watchlist(t, stack);
  const [a] = app.follow(["A"]);
  assert.equal(app.feed.newest("A"), null);
  assert.equal(app.feed.newest("B"), null);
  await app.is("live");
  stack.publish(5, PATHS, ["A"]);
  await app.has(1);
  const { state } = app.feed;
  const newest = app.feed.newest("A");
  stack.publish(4, PATHS, ["A"]);
  await app.has(2);
  assert.equal(app.feed.newest("A"), newest);
  assert.equal(a.newest, newest);
  assert.equal(app.feed.state, state);
});

describe("a loop over prices", () => {
  test("gets them from the newest on, and leaves the token when it is left", async (t) => {
    const stack = await startStack(t);
    const app = new Watchlist(t, stack);
    stack.publish([1, 2], PATHS, ["A"]);
    app.follow(["B"]);
    const slots = [];
    for await (const { update, isLate, skipped } of app.feed.prices("A")) {
      slots.push([update.slot, isLate, skipped]);
      if (slots.length === 1) stack.publish([4, 3], PATHS, ["A"]);
      if (slots.length === 3) break;
    }
    assert.deepEqual(slots, [[2, false, 0], [4, false, 0], [3, true, 0]]);
    await until("A to be left", () => stack.peers[0].commands.some((command) => command.action === "unsubscribePrice"), () => stack.peers[0].commands);
    assert.equal(app.feed.newest("A"), null);
  });

  test("begins when it begins: prices() alone follows nothing", async (t) => {
    const stack = await startStack(t);
    const app = new Watchlist(t, stack);
    app.feed.prices("A");
    assert.equal(app.feed.state.state, "idle");
    assert.throws(() => app.feed.prices("a b"), /token must be/);
  });

  test("ends when the feed is closed", async (t) => {
    const stack = await startStack(t);
    const app = new Watchlist(t, stack);
    stack.publish(1, PATHS, ["A"]);
    for await (const { update } of app.feed.prices("A")) if (update.slot === 1) app.feed.close();
    assert.equal(app.feed.state.state, "closed");
  });

  test("throws why the stack refuses", async (t) => {
    const stack = await startStack(t, { connectStatus: 404 });
    const app = new Watchlist(t, stack);
    await assert.rejects(async () => { for await (const price of app.feed.prices("A")) assert.fail(`${price}`); }, { code: "UNKNOWN_TOKEN" });
  });
});

test("a closed feed follows nothing any more, and says so", async (t) => {
  const stack = await startStack(t);
  const { feed } = new Watchlist(t, stack);
  feed.close();
  feed.close();
  assert.throws(() => feed.subscribe("A", { onPrice() {} }), /the feed is closed/);
});

test("who hears that a token is refused may follow it again at once", async (t) => {
  const stack = await startStack(t, { connectStatus: 404 });
  const app = new Watchlist(t, stack);
  app.follow(["A"], {
    onError() {
      stack.connectStatus = 200;
      app.follow(["A"]);
    },
  });
  await until("the second one to be live", () => app.states.A.at(-1)?.state === "live", () => app.states.A);
});

test("an exception of one who follows reaches the global handler, and the others hear the price", async (t) => {
  const stack = await startStack(t);
  const app = new Watchlist(t, stack);
  const heard = /** @type {(number | string | undefined)[]} */ ([]);
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (/** @type {() => void} */ act, /** @type {number} */ delayMs) =>
    setTimeout(() => {
      try {
        act();
      } catch (error) {
        heard.push(/** @type {Error} */ (error).message);
      }
    }, delayMs));
  app.follow(["A"], { onPrice() { throw new Error("of the app"); } });
  app.feed.subscribe("A", { onPrice: ({ slot }) => void heard.push(slot) });
  await app.is("live");
  stack.publish(1, PATHS, ["A"]);
  await until("both", () => heard.length === 2, () => heard);
  assert.deepEqual(heard, [1, "of the app"]);
});

describe("after close() of the feed", () => {
  for (const moment of ["connecting", "live", "waiting"]) {
    test(`no callback is called and nothing keeps Node alive: ${moment}`, async (t) => {
      const stack = await startStack(t, { refused: moment === "waiting" ? ["edge"] : [] });
      const script = `
        import { WebSocket } from "ws";
        import { connect } from "./client/glow.js";
        let calls = 0;
        const feed = connect({
          api: "${stack.url}", WebSocket, getToken: async () => "a pass",
          onState({ state }) {
            if (state !== "${moment}") return;
            setTimeout(() => {
              feed.close();
              const callsBefore = calls;
              process.on("exit", () => console.log(calls - callsBefore));
            });
          },
        });
        for (const token of ["A", "B"]) feed.subscribe(token, { onPrice: () => (calls += 1), onState: () => (calls += 1) });`;
      const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd: ROOT, timeout: 30_000 });
      assert.equal((await run).stdout, "0\n");
    });
  }
});
