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
  const candles = [...byTime].filter(([time]) => time >= startOf(Number(from))).sort(([a], [b]) => a - b).map(([time, trades]) => candleOf(time, trades, time + seconds > now));
  return [200, { token: stored[0]?.update.token, interval: query.get("interval"), currency: query.get("currency"), candles, next: null }];
}

/** @param {number} time @param {readonly Update[]} trades @param {boolean} isRunning */
function candleOf(time, trades, isRunning) {
  const prices = trades.map(({ price }) => price);
  const volume = trades.reduce((sum, { amount }) => sum + Number(amount), 0);
  const [open, close] = [prices[0], prices[prices.length - 1]];
  return { time, open, high: Math.max(...prices), low: Math.min(...prices), close, volume, trades: trades.length, ...(isRunning ? { running: true } : {}) };
}
