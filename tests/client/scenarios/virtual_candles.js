/** The candles of the virtual stack: computed from its trades at each request. */

import { SECONDS } from "../../../client/src/candle.js";
import { START_SECONDS } from "./trades.js";

/** @typedef {import("../../../client/glow.js").Update} Update */
/** @typedef {{update: Update, storedAt: number}} Stored `storedAt`: the second of the scenario */

const MINUTE = 60;

/** As functions/glow/candles/query.py. */
const SECONDS_PATTERN = /^\d{1,10}$/;

/**
 * The status and what GET /tokens/{token}/candles answers. Trades that were stored within `rowsAfter` seconds are not in their rows yet; those of the
 * running minute are in the answer at once.
 * @param {readonly Stored[]} stored of the token, in order
 * @param {URLSearchParams} query
 * @param {{second: number, rowsAfter: number}} now
 * @returns {[number, unknown]}
 */
export function candlesOf(stored, query, { second, rowsAfter }) {
  const from = query.get("from") ?? "0";
  if (!SECONDS_PATTERN.test(from)) return [400, { error: { code: "BAD_REQUEST", message: `from must be Unix time in seconds; got ${from}` } }];
  const seconds = SECONDS[query.get("interval") ?? ""];
  const now = START_SECONDS + second;
  const startOf = (/** @type {number} */ time, size = seconds) => time - (time % size);
  /** @type {Map<number, Update[]>} */
  const byTime = new Map();
  for (const { update, storedAt } of stored) {
    const isFresh = update.timestamp >= startOf(Math.floor(now), MINUTE);
    if (update.source === "jupiter" || (!isFresh && storedAt > second - rowsAfter)) continue;
    const time = startOf(update.timestamp);
    byTime.set(time, [...(byTime.get(time) ?? []), update]);
  }
  const currency = query.get("currency");
  const candles = [...byTime].filter(([time]) => time >= startOf(Number(from))).sort(([a], [b]) => a - b).map(([time, trades]) => ({ ...candleOf(time, trades, time + seconds > now), ...cornersOf(trades.map((trade) => (currency === "usd" ? trade.priceUsd : trade.price))) }));
  return [200, { token: stored[0]?.update.token, interval: query.get("interval"), currency, candles, next: null }];
}

/** @param {number} time @param {readonly Update[]} trades @param {boolean} isRunning */
function candleOf(time, trades, isRunning) {
  const volume = trades.reduce((sum, { amount }) => sum + Number(amount), 0);
  return { time, volume, trades: trades.length, ...(isRunning ? { running: true } : {}) };
}

/** None where a trade has no price. @param {readonly (number | undefined)[]} prices */
function cornersOf(prices) {
  const known = prices.filter((price) => price !== undefined);
  if (known.length < prices.length) return {};
  return { open: known[0], high: Math.max(...known), low: Math.min(...known), close: known[known.length - 1] };
}
