/** What the client's tests share: trades, an app, waiting. */

import { WebSocket } from "ws";

import { subscribe } from "../../client/glow.js";

/** @typedef {import("../../client/glow.js").Update} Update */
/** @typedef {import("../../client/glow.js").State} State */
/** @typedef {import("../../client/glow.js").Options} Options */

export const TOKEN = "SOL";
/** Unix time; the first trade comes later. */
export const STARTED_MS = 1_700_000_000_000;
const DEADLINE_MS = 60_000;

/** The `n`th trade. @param {number} n @param {string} [token] @returns {Update} */
export function trade(n, token = TOKEN) {
  const timestamp = STARTED_MS / 1000 + n;
  const signature = `s${String(n).padStart(15, "0")}`;
  const id = `${timestamp}-${String(n).padStart(12, "0")}-${signature}`;
  return { type: "PRICE_UPDATE", token, price: 1 + n / 1000, timestamp, slot: n, txSignature: signature, id };
}

/** @param {number} from @param {number} to not included */
export const trades = (from, to) => Array.from({ length: to - from }, (_, index) => trade(from + index));

/** @param {readonly Update[]} updates */
export const idsOf = (updates) => updates.map(({ id }) => id);

/**
 * Makes timers and the clock beside them run faster, for waits that cannot be configured.
 * @param {import("node:test").TestContext} t
 * @param {number} times
 */
export function hurry(t, times) {
  const { setTimeout } = globalThis;
  const sooner = (/** @type {(...given: any[]) => void} */ act, /** @type {number} */ delayMs = 0, /** @type {any[]} */ ...given) =>
    setTimeout(act, delayMs / times, ...given);
  t.mock.method(globalThis, "setTimeout", sooner);
  const now = performance.now.bind(performance);
  t.mock.method(performance, "now", () => now() * times);
}

/**
 * Waits for a condition. The error names the condition and the last state seen.
 * @param {string} what
 * @param {() => unknown} condition
 * @param {() => unknown} [state]
 */
export async function until(what, condition, state = () => "") {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms for ${what}; last seen: ${JSON.stringify(state())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An app that keeps what it receives, in order. */
export class App {
  /** @type {Update[]} */
  updates = [];
  /** @type {Update[]} */
  late = [];
  /** @type {State[]} */
  states = [];

  /**
   * Subscribes; the subscription is closed when the test ends.
   * @param {import("node:test").TestContext} t
   * @param {{url: string}} stack
   * @param {Partial<Options>} [options]
   */
  constructor(t, stack, options = {}) {
    this.subscription = subscribe(TOKEN, {
      api: stack.url,
      WebSocket,
      onPrice: (update, { isLate }) => {
        this.updates.push(update);
        if (isLate) this.late.push(update);
      },
      onState: (state) => this.states.push(state),
      ...options,
    });
    t.after(() => this.subscription.close());
  }

  /** @param {number} count */
  async has(count) {
    await until(`${count} updates`, () => this.updates.length >= count, () => [idsOf(this.updates), this.states]);
  }

  get state() {
    return this.states.at(-1)?.state;
  }

  /** @param {State["state"]} state */
  async is(state) {
    await until(`the state ${state}`, () => this.state === state, () => this.states);
  }
}
