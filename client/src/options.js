/** Checks what the app passes, so that a mistake is told at once and not at the first price. Pure. */

import { SECONDS } from "./candle.js";

/** @typedef {import("../glow.js").StackOptions} StackOptions */
/** @typedef {import("../glow.js").FollowOptions} FollowOptions */

/** @typedef {import("../glow.js").ChartOptions} ChartOptions */

/** How a chart is drawn. @typedef {ReturnType<typeof checkedChart>} ChartWishes */
/** How a token is followed. @typedef {ReturnType<typeof checkedWishes>} Wishes */

const MAX_FILL = 10_000;
/** Candles of history: 500, and at most what the stack answers at once. */
const SHOWN = 500;
const MAX_SHOWN = 1_000;

/**
 * What leads to the stack, with its defaults. Throws a TypeError that names what is wrong.
 * @param {StackOptions & {onState?: unknown}} options
 */
export function checkedStack(options) {
  const { api, region, getToken, onState, WebSocket = globalThis.WebSocket } = options ?? {};
  check(/^https?:\/\/[^\s?#]+$/.test(api), "api", "the URL RestApiUrl", api);
  check(typeof (getToken ?? check) === "function", "getToken", "a function", typeof getToken); // the value may be a pass
  checkFunctions({ onState });
  check(WebSocket !== undefined, "WebSocket", "given before Node 22. Pass that of the package ws", WebSocket);
  return { api, region: region || undefined, getToken, WebSocket };
}

/**
 * How a token is followed, with the defaults.
 * @param {string} token
 * @param {FollowOptions} options
 */
export function checkedWishes(token, options) {
  const { delivery = "all", onPrice, onState, onError, maxFill = MAX_FILL } = options ?? {};
  checkToken(token);
  check(typeof onPrice === "function", "onPrice", "a function", onPrice);
  checkFunctions({ onState, onError });
  check(delivery === "all" || delivery === "latest", "delivery", '"all" or "latest"', delivery);
  check(maxFill > 0, "maxFill", "above 0", maxFill);
  return { delivery, onPrice, onState, onError, maxFill, hearsStates: onState !== undefined };
}

/**
 * How a chart is drawn, with the defaults.
 * @param {string} token
 * @param {ChartOptions} options
 */
export function checkedChart(token, options) {
  const { interval, currency = "sol", limit = SHOWN, onCandle, onState, onError } = options ?? {};
  checkToken(token);
  check(Object.hasOwn(SECONDS, interval), "interval", `one of ${Object.keys(SECONDS)}`, interval);
  check(currency === "sol" || currency === "usd", "currency", '"sol" or "usd"', currency);
  check(Number.isInteger(limit) && limit >= 1 && limit <= MAX_SHOWN, "limit", `a whole number from 1 to ${MAX_SHOWN}`, limit);
  check(typeof onCandle === "function", "onCandle", "a function", onCandle);
  checkFunctions({ onState, onError });
  return { interval, currency, limit, onCandle, onState, onError };
}

/** @param {string} token */
function checkToken(token) {
  check(typeof token === "string" && /^[\w-]{1,64}$/.test(token), "token", "1 to 64 of A-Z a-z 0-9 _ -", token);
}

/** @param {Record<string, unknown>} values that may be left out */
function checkFunctions(values) {
  for (const [name, value] of Object.entries(values)) check(typeof (value ?? check) === "function", name, "a function", value);
}

/** @param {boolean} isRight @param {string} name @param {string} what it must be @param {unknown} value */
function check(isRight, name, what, value) {
  if (!isRight) throw new TypeError(`glow: ${name} must be ${what}; got ${value}`);
}
