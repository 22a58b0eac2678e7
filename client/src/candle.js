/** Candles: the stack's, which are joined, and those that grow by trades. Pure. */

import { placeOf } from "./ids.js";

/** @typedef {import("../glow.js").Candle} Candle */
/** @typedef {import("../glow.js").Update} Update */

/** How long each interval is. @type {Readonly<Record<string, number>>} */
export const SECONDS = Object.freeze({ "1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400 });

/** @type {readonly (keyof Candle)[]} */
const FIELDS = ["time", "open", "high", "low", "close", "volume", "volumeSol", "trades", "running"];

/** Whether both say the same. @param {Candle | undefined} a @param {Candle} b */
export const isSame = (a, b) => a !== undefined && FIELDS.every((field) => a[field] === b[field]);

/** A candle of trades that come one by one, in any order. */
export class GrowingCandle {
  time;
  /** When its last trade came. */
  heardAtMs = -Infinity;
  #currency;
  #trades = 0;
  #volume = new Sum();
  #volumeSol = new Sum();
  /** null for good once a trade has no price in this currency. @type {{open: number, high: number, low: number, close: number} | null | undefined} */
  #prices;
  /** Of the trades that opened and closed it. */
  #firstPlace = "";
  #lastPlace = "";

  /** @param {number} time @param {"sol" | "usd"} currency */
  constructor(time, currency) {
    this.time = time;
    this.#currency = currency;
  }

  /** @returns {Candle} */
  get candle() {
    return { time: this.time, ...this.#prices, volume: this.#volume.value, volumeSol: this.#volumeSol.value, trades: this.#trades, running: true };
  }

  /** @param {Update} update @param {number} nowMs */
  add({ id, price: sol, priceUsd, amount, amountSol }, nowMs) {
    this.heardAtMs = nowMs;
    this.#trades += 1;
    this.#volume.add(amount);
    this.#volumeSol.add(amountSol);
    this.#price(this.#currency === "usd" ? priceUsd : sol, placeOf(id));
  }

  /** @param {number | undefined} price @param {string} place */
  #price(price, place) {
    if (price === undefined) this.#prices = null;
    else if (this.#prices === undefined) {
      this.#prices = { open: price, high: price, low: price, close: price };
      this.#firstPlace = this.#lastPlace = place;
    } else if (this.#prices !== null) {
      const { open, high, low, close } = this.#prices;
      const [isFirst, isLast] = [place < this.#firstPlace, place >= this.#lastPlace];
      this.#prices = { open: isFirst ? price : open, high: Math.max(high, price), low: Math.min(low, price), close: isLast ? price : close };
      if (isFirst) this.#firstPlace = place;
      if (isLast) this.#lastPlace = place;
    }
  }
}

/** The running candle that others, at least one, ascending, make together. @param {number} time @param {readonly Candle[]} candles @returns {Candle} */
export function joined(time, candles) {
  const [volume, volumeSol] = [new Sum(), new Sum()];
  for (const candle of candles) {
    volume.add(candle.volume);
    volumeSol.add(candle.volumeSol);
  }
  return { time, ...pricesOf(candles), volume: volume.value, volumeSol: volumeSol.value, trades: candles.reduce((sum, { trades }) => sum + trades, 0), running: true };
}

/** None, if one of the candles has none. @param {readonly Candle[]} candles */
function pricesOf(candles) {
  if (candles.some(({ open }) => open === undefined)) return {};
  const highs = candles.map(({ high }) => Number(high));
  const lows = candles.map(({ low }) => Number(low));
  return { open: candles[0].open, high: Math.max(...highs), low: Math.min(...lows), close: candles[candles.length - 1].close };
}

/** A sum of floats that keeps what each addition rounds off (Neumaier), so that a million trades add up to the nearest float. */
export class Sum {
  #sum = 0;
  #lost = 0;
  #isKnown = false;

  /** undefined if nothing was added. */
  get value() {
    return this.#isKnown ? this.#sum + this.#lost : undefined;
  }

  /** @param {number | undefined} amount */
  add(amount) {
    if (amount === undefined) return;
    const sum = this.#sum + amount;
    this.#lost += Math.abs(this.#sum) >= Math.abs(amount) ? this.#sum - sum + amount : amount - sum + this.#sum;
    this.#sum = sum;
    this.#isKnown = true;
  }
}
