import assert from "node:assert/strict";
import test, { describe } from "node:test";

import { connect, subscribe } from "../../client/glow.js";
import { HOST } from "../../client/src/host.js";

/** Options that are right. @type {any} */
const RIGHT = { api: "https://stack.example", onPrice() {}, WebSocket: class {} };

describe("a mistake is told at once", () => {
  /** @type {[name: string, token: any, options: any, said: RegExp][]} */
  const mistakes = [
    ["no token", undefined, RIGHT, /token must be 1 to 64 .*; got undefined/],
    ["a token with a space", "a b", RIGHT, /token must be .*; got a b/],
    ["no options", "T", undefined, /api must be the URL RestApiUrl; got undefined/],
    ["no api", "T", { ...RIGHT, api: undefined }, /api must be the URL RestApiUrl; got undefined/],
    ["an api that is no URL", "T", { ...RIGHT, api: "stack.example" }, /api must be .*; got stack.example/],
    ["a misspelled onPrice", "T", { ...RIGHT, onPrice: undefined, onprice() {} }, /onPrice must be a function; got undefined/],
    ["an onState that is no function", "T", { ...RIGHT, onState: "log" }, /onState must be a function; got log/],
    ["an unknown delivery", "T", { ...RIGHT, delivery: "newest" }, /delivery must be "all" or "latest"; got newest/],
    ["a maxFill of nothing", "T", { ...RIGHT, maxFill: 0 }, /maxFill must be above 0; got 0/],
    ["a pass in place of what gives it", "T", { ...RIGHT, getToken: "ey.pass" }, /getToken must be a function; got string/],
    ["an onError that is no function", "T", { ...RIGHT, onError: "log" }, /onError must be a function; got log/],
  ];
  for (const [name, token, options, said] of mistakes) {
    test(name, () => {
      assert.throws(() => subscribe(token, options), (error) => error instanceof TypeError && said.test(error.message));
    });
  }

  /** @type {[name: string, options: any, said: RegExp][]} */
  const feedMistakes = [
    ["no options", undefined, /api must be the URL RestApiUrl; got undefined/],
    ["an api that is no URL", { ...RIGHT, api: "stack.example" }, /api must be .*; got stack.example/],
    ["an onState that is no function", { ...RIGHT, onState: "log" }, /onState must be a function; got log/],
    ["a pass in place of what gives it", { ...RIGHT, getToken: "ey.pass" }, /getToken must be a function; got string/],
  ];
  for (const [name, options, said] of feedMistakes) {
    test(`of a feed: ${name}`, () => {
      assert.throws(() => connect(options), (error) => error instanceof TypeError && said.test(error.message));
    });
  }

  test("a token of a feed that is followed wrongly", () => {
    const feed = connect(RIGHT);
    for (const [name, token, options, said] of mistakes) {
      if (/api|getToken/.test(String(said))) continue; // they are the feed's
      assert.throws(() => feed.subscribe(token, options), (error) => error instanceof TypeError && said.test(error.message), name);
    }
    assert.equal(feed.state.state, "idle");
  });

  test("a chart that is asked for wrongly", () => {
    const feed = connect(RIGHT);
    const right = { interval: "1m", onCandle() {} };
    /** @type {[token: any, options: any, said: RegExp][]} */
    const wrong = [
      ["a b", right, /token must be 1 to 64 .*; got a b/],
      ["T", undefined, /interval must be one of 1m,5m,15m,1h,4h,1d; got undefined/],
      ["T", { ...right, interval: "2m" }, /interval must be one of .*; got 2m/],
      ["T", { ...right, interval: "toString" }, /interval must be one of .*; got toString/],
      ["T", { ...right, currency: "eur" }, /currency must be "sol" or "usd"; got eur/],
      ["T", { ...right, limit: 1_001 }, /limit must be a whole number from 1 to 1000; got 1001/],
      ["T", { ...right, onCandle: undefined }, /onCandle must be a function; got undefined/],
      ["T", { ...right, onState: "log" }, /onState must be a function; got log/],
    ];
    for (const [token, options, said] of wrong) assert.throws(() => feed.candles(token, options), (error) => error instanceof TypeError && said.test(error.message));
    assert.equal(feed.state.state, "idle");
  });

  test("an option that is undefined has its default", () => {
    subscribe("T", { ...RIGHT, delivery: undefined, maxFill: undefined, region: undefined, onState: undefined }).close();
  });
});

test("the clock goes on when that of the device is set back", (t) => {
  t.mock.method(Date, "now", () => 0);
  assert.ok(HOST.nowMs() > 0);
  const before = HOST.nowMs();
  assert.ok(HOST.nowMs() >= before);
});

test("where there are events, those that say that the device may be back wake it, until it is enough", (t) => {
  const page = new EventTarget();
  Object.assign(globalThis, { addEventListener: page.addEventListener.bind(page) });
  t.after(() => Reflect.deleteProperty(globalThis, "addEventListener"));
  let woken = 0;
  const sleepOn = HOST.onWake(() => (woken += 1));
  for (const event of ["online", "offline", "visibilitychange", "click"]) page.dispatchEvent(new Event(event));
  assert.equal(woken, 3);
  sleepOn();
  page.dispatchEvent(new Event("online"));
  assert.equal(woken, 3);
});
