import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test, { describe } from "node:test";

import { Subscription } from "../../../client/src/subscription.js";
import { numberOf, trade, VirtualHost, VirtualStack, VirtualTime } from "./virtual.js";

/** @typedef {import("../../../client/glow.js").State} State */
/** @typedef {Record<string, any>} Step */
/** @typedef {{name: string, random?: number, until: number, steps: Step[], expect: Record<string, any>}} Scenario */

const FOLDER = new URL(".", import.meta.url);
const PATHS = ["aws", "edge"];
const TOKEN = "T";

/** One run of a scenario: a stack, a device and an app with a subscription for each token. */
class Run {
  time = new VirtualTime();
  stack = new VirtualStack(this.time);
  /** By token. @type {Record<string, {subscription: Subscription, handed: (number | string)[], states: State[]}>} */
  followed = {};

  /** @param {Scenario} scenario */
  constructor({ random = 0.5 }) {
    this.device = new VirtualHost(this.stack, random);
  }

  /** @param {Step} step */
  take({ at, token = TOKEN, on = PATHS, ...step }) {
    const [[verb, what]] = Object.entries(step);
    const paths = [on].flat();
    const trades = () => what.map((/** @type {number} */ n) => trade(token, n));
    /** @type {Record<string, () => unknown>} */
    const verbs = {
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
      move: () => this.stack.move(what),
      cut: () => this.stack.open(what).forEach((socket) => (socket.isCut = true)),
      close: () => this.stack.open(what).forEach((socket) => socket.end(step.code ?? 1006, step.reason ?? "")),
      device: () => (what === "hidden" ? (this.time.isHidden = true) : this.device.waking.forEach((wake) => wake())),
      sleep: () => this.time.sleep(what),
      app: () => this.followed[token].subscription[/** @type {"close" | "wake"} */ (what)](),
      expect: () => this.check(what, `at ${at} s`),
    };
    assert.ok(verb in verbs, `no such step: ${verb}`);
    verbs[verb]();
  }

  /** @param {string} token @param {Record<string, any>} options */
  #subscribe(token, { isSilent = false, ...options }) {
    /** @type {(number | string)[]} */
    const handed = [];
    /** @type {State[]} */
    const states = [];
    const onPrice = (/** @type {{id: string}} */ { id }, /** @type {{isLate: boolean}} */ { isLate }) =>
      void handed.push(isLate ? `${numberOf(id)} late` : numberOf(id));
    const onState = isSilent ? undefined : (/** @type {State} */ state) => void states.push(state);
    const subscription = new Subscription(token, { api: "http://stack", onPrice, onState, WebSocket: this.device.WebSocket, ...options }, this.device.host);
    this.followed[token] = { subscription, handed, states };
  }

  /** @param {Record<string, any>} expected @param {string} when */
  check({ token = TOKEN, ...expected }, when) {
    const { handed, states } = this.followed[token];
    const last = states.at(-1) ?? { state: "connecting", path: null, reason: null };
    const seen = {
      handed,
      states: states.map(shown).filter((state, index, all) => state !== all[index - 1]),
      state: shown(last),
      reason: `${last.reason}`,
      requests: this.stack.requests,
      sockets: this.stack.sockets.length,
      warnings: this.device.warnings,
    };
    for (const [what, value] of Object.entries(expected)) {
      if (what === "reason") assert.match(seen.reason, new RegExp(value), when);
      else if (what === "warnings") {
        assert.equal(seen.warnings.length, value.length, `${seen.warnings} ${when}`);
        for (const [index, pattern] of value.entries()) assert.match(seen.warnings[index], new RegExp(pattern), when);
      }
      else assert.deepEqual(seen[/** @type {keyof typeof seen} */ (what)], value, `${what} ${when}`);
    }
  }
}

/** The steps of one that publishes `every` so many seconds. @param {Step} step @returns {Step[]} */
function apart({ every, ...step }) {
  if (every === undefined) return [step];
  return step.publish.map((/** @type {number} */ n, /** @type {number} */ index) => ({ ...step, at: step.at + index * every, publish: [n] }));
}

/** The state, and the path that delivers. @param {State} state */
const shown = ({ state, path }) => (state === "live" || state === "moving" ? `${state} ${path}` : state);

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
