import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test, { describe } from "node:test";

import { Feed } from "../../../client/src/feed.js";
import { Subscription } from "../../../client/src/subscription.js";
import { numberOf, START_SECONDS, trade } from "./trades.js";
import { VirtualStack } from "./virtual.js";
import { VirtualHost } from "./virtual_device.js";
import { VirtualTime } from "./virtual_time.js";

/** @typedef {import("../../../client/glow.js").Candle} Candle */
/** @typedef {import("../../../client/glow.js").FeedState} FeedState */
/** @typedef {import("../../../client/glow.js").State} State */
/** @typedef {import("../../../client/glow.js").Update} Update */
/** @typedef {Record<string, any>} Step */
/** @typedef {{name: string, random?: number, until: number, steps: Step[], expect: Record<string, any>}} Scenario */

const FOLDER = new URL(".", import.meta.url);
const PATHS = ["aws", "edge"];
const TOKEN = "T";

/** What an app keeps of a token that it follows. */
class Followed {
  /** @type {(number | string)[]} */
  handed = [];
  /** @type {State[]} */
  states = [];
  /** Of a chart, each time that one is told. @type {string[]} */
  told = [];
  /** Of a chart, as they were told last. @type {Map<number, string>} */
  candles = new Map();
  /** The code with which the token was refused. @type {string | null} */
  error = null;
  /** @type {{close(): void, wake?(): void}} */
  subscription = { close() {} };

  /** @param {Candle} candle @param {{isHistory: boolean}} info */
  takeCandle(candle, { isHistory }) {
    this.candles.set(candle.time, shownCandle(candle));
    this.told.push(`${shownCandle(candle)}${isHistory ? " history" : ""}`);
  }

  /** @param {boolean} [isSilent] whether it does not listen to states */
  callbacks(isSilent = false) {
    return {
      onPrice: (/** @type {Update} */ { id }, /** @type {{isLate: boolean}} */ { isLate }) => void this.handed.push(isLate ? `${numberOf(id)} late` : numberOf(id)),
      onState: isSilent ? undefined : (/** @type {State} */ state) => void this.states.push(state),
      onError: (/** @type {{code: string}} */ { code }) => void (this.error = code),
    };
  }
}

/** One run of a scenario: a stack, a device and an app with a subscription for each token, or with a feed. */
class Run {
  time = new VirtualTime();
  stack = new VirtualStack(this.time);
  /** By token, or by the name that a step gives. @type {Record<string, Followed>} */
  followed = {};
  /** @type {Feed | null} */
  feed = null;
  /** @type {FeedState[]} */
  feedStates = [];

  /** @param {Scenario} scenario */
  constructor({ random = 0.5 }) {
    this.device = new VirtualHost(this.stack, random);
  }

  /** @param {Step} step */
  take({ at, token = TOKEN, on = PATHS, ...step }) {
    const [[verb, what]] = Object.entries(step);
    const paths = [on].flat();
    const trades = () => [token].flat().flatMap((one) => what.map((/** @type {number} */ n) => ({ ...trade(one, n, step.hasDollars), ...(step.source && { source: step.source }) })));
    /** @type {Record<string, () => unknown>} */
    const verbs = {
      connect: () => this.#connect(what),
      follow: () => this.#follow(namesOf(what), step),
      chart: () => this.#chart(what, token, step),
      leave: () => namesOf(what).forEach((name) => this.followed[name].subscription.close()),
      feed: () => this.feed?.[/** @type {"close" | "wake"} */ (what)](),
      subscribe: () => this.#subscribe(what, step.options ?? {}),
      store: () => this.stack.store(trades()),
      send: () => paths.forEach((path) => this.stack.send(path, trades())),
      publish: () => {
        this.stack.store(trades());
        for (const path of paths) this.stack.send(path, trades());
      },
      say: () => paths.forEach((path) => this.stack.open(path).forEach((socket) => socket.say(withIds(what, token)))),
      set: () => Object.assign(this.stack, what),
      forget: () => this.stack.forget(what),
      move: () => this.stack.move(token, what),
      letGo: () => this.stack.letGo(token, what),
      cut: () => this.stack.open(what).forEach((socket) => (socket.isCut = true)),
      close: () => this.stack.open(what).forEach((socket) => socket.end(step.code ?? 1006, step.reason ?? "")),
      device: () => (what === "hidden" ? (this.time.isHidden = true) : this.device.waking.forEach((wake) => wake())),
      sleep: () => this.time.sleep(what),
      app: () => this.followed[token].subscription[/** @type {"close" | "wake"} */ (what)]?.(),
      expect: () => this.check(what, `at ${at} s`),
    };
    assert.ok(verb in verbs, `no such step: ${verb}`);
    verbs[verb]();
  }

  /** @param {string} token @param {Record<string, any>} options */
  #subscribe(token, { isSilent, ...options }) {
    const followed = (this.followed[token] = new Followed());
    followed.subscription = new Subscription(token, { ...this.#stackOptions(options), ...followed.callbacks(isSilent) }, this.device.host);
  }

  /** @param {Record<string, any>} options */
  #connect(options) {
    this.feed = new Feed({ ...this.#stackOptions(options), onState: options.isSilent ? undefined : (state) => void this.feedStates.push(state) }, this.device.host);
  }

  /** @param {readonly string[]} tokens @param {Record<string, any>} step */
  #follow(tokens, { as, options }) {
    for (const token of tokens) {
      const followed = (this.followed[as ?? token] = new Followed());
      if (this.feed !== null) followed.subscription = this.feed.subscribe(token, { ...options, ...followed.callbacks(options?.isSilent) });
    }
  }

  /** @param {any} options @param {string} token @param {Record<string, any>} step */
  #chart({ isSilent, ...options }, token, { as }) {
    const followed = (this.followed[as ?? token] = new Followed());
    const { onState, onError } = followed.callbacks(isSilent);
    if (this.feed !== null) followed.subscription = this.feed.candles(token, { .../** @type {any} */ (options), onState, onError, onCandle: (candle, info) => followed.takeCandle(candle, info) });
  }

  /** The options, in which the texts of `passes` are what `getToken` gives one after the other. @param {Record<string, any>} options */
  #stackOptions({ passes, isSilent, ...options }) {
    const left = [...(passes ?? [])];
    const getToken = async () => {
      const pass = left.length > 1 ? left.shift() : left[0];
      this.stack.requests.push(`getToken ${pass}`);
      if (pass === null) throw new Error("nobody is logged in");
      if (pass === "never") await new Promise(() => {});
      return pass;
    };
    return { api: "http://stack", WebSocket: this.device.WebSocket, getToken: passes && getToken, ...options };
  }

  /** @param {Record<string, any>} expected @param {string} when */
  check({ token = TOKEN, tokens = {}, ...expected }, when) {
    for (const [name, each] of Object.entries(tokens)) this.check({ token: name, ...each }, `of ${name} ${when}`);
    const { handed, states, error, told, candles } = this.followed[token] ?? new Followed();
    const last = states.at(-1) ?? { state: "connecting", path: null, reason: null };
    const seen = {
      handed,
      told,
      candles: [...candles].sort(([a], [b]) => a - b).map(([, candle]) => candle),
      states: changes(states.map(shown)),
      state: shown(last),
      error,
      reason: `${last.reason}`,
      feed: changes(this.feedStates.map(shown)),
      requests: this.stack.requests,
      sockets: this.stack.sockets.length,
      open: this.stack.sockets.filter(({ isOpen }) => isOpen).map(({ path }) => path),
      warnings: this.device.warnings,
    };
    for (const [what, value] of Object.entries(expected)) {
      if (what === "reason") assert.match(seen.reason, new RegExp(value), when);
      else if (what === "warnings") {
        assert.equal(seen.warnings.length, value.length, `${seen.warnings} ${when}`);
        for (const [index, pattern] of value.entries()) assert.match(seen.warnings[index], new RegExp(pattern), when);
      } else assert.deepEqual(seen[/** @type {keyof typeof seen} */ (what)], value, `${what} ${when}`);
    }
  }
}

/**
 * Its second, the numbers of the trades with the prices that it shows, and the sum of the numbers of all its trades.
 * @param {Candle} candle
 */
function shownCandle({ time, open, high, low, close, volume, trades, running }) {
  const prices = [open, high, low, close].map((price) => (price === undefined ? "-" : Math.round((price - 1) * 1_000)));
  return `${time - START_SECONDS}: ${prices.join(" ")}, ${trades} sum ${volume}${running ? " running" : ""}`;
}

/** Without what only repeats the one before. @param {readonly string[]} all */
const changes = (all) => all.filter((one, index) => one !== all[index - 1]);

/** Tokens, or so many of them. @param {readonly string[] | number} what */
const namesOf = (what) => (typeof what === "number" ? Array.from({ length: what }, (_, index) => `T${index + 1}`) : what);

/** The steps of one that publishes `every` so many seconds. @param {Step} step @returns {Step[]} */
function apart({ every, ...step }) {
  if (every === undefined) return [step];
  return step.publish.map((/** @type {number} */ n, /** @type {number} */ index) => ({ ...step, at: step.at + index * every, publish: [n] }));
}

/** The state, and the path that delivers. @param {State | FeedState} state */
const shown = ({ state, path }) => ((state === "live" || state === "moving") && path !== null ? `${state} ${path}` : state);

/** A message in which numbers stand for the ids of trades. @param {Record<string, any>} message @param {string} token */
function withIds(message, token) {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, ["after", "until"].includes(name) && value !== null ? trade(token, value).id : value]));
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort()) {
  /** @type {{about: string, scenarios: Scenario[]}} */
  const { about, scenarios } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
  describe(about, () => {
    for (const scenario of scenarios) {
      test(scenario.name, async () => {
        const run = new Run(scenario);
        for (const step of scenario.steps.flatMap(apart)) {
          await run.time.run(step.at * 1_000);
          run.take(step);
        }
        await run.time.run(scenario.until * 1_000);
        run.check(scenario.expect, "at the end");
      });
    }
  });
}
