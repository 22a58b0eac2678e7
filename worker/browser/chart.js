/** The chart of the test page, and the trades of its token. */

import { CandlestickSeries, createChart, HistogramSeries } from "lightweight-charts";

/**
 * @typedef {import("glow-client").Candle} Candle
 * @typedef {import("glow-client").CandleSubscription} CandleSubscription
 * @typedef {import("glow-client").ChartOptions} ChartOptions
 * @typedef {import("glow-client").Feed} Feed
 * @typedef {import("glow-client").FeedSubscription} FeedSubscription
 * @typedef {import("glow-client").Update} Update
 * @typedef {import("lightweight-charts").UTCTimestamp} UTCTimestamp
 */

const SHOWN_TRADES = 50;
const VOLUME_MARGINS = { top: 0.8, bottom: 0 };

export class MarketChart {
  #feed;
  #places;
  #chart;
  #prices;
  #volumes;
  #isDark = matchMedia("(prefers-color-scheme: dark)");
  /** By time. @type {Map<number, Candle>} */
  #candles = new Map();
  #isDrawing = false;
  /** @type {(CandleSubscription | FeedSubscription)[]} */
  #subscriptions = [];

  /** @param {Feed} feed @param {{chart: HTMLElement, trades: HTMLElement, reason: HTMLElement}} places */
  constructor(feed, places) {
    this.#feed = feed;
    this.#places = places;
    // Its logo brings a style of its own, which the page's policy forbids; the page has the link that the licence asks for.
    this.#chart = createChart(places.chart, { autoSize: true, layout: { attributionLogo: false, background: { color: "transparent" } }, timeScale: { timeVisible: true } });
    this.#prices = this.#chart.addSeries(CandlestickSeries);
    this.#volumes = this.#chart.addSeries(HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.#volumes.priceScale().applyOptions({ scaleMargins: VOLUME_MARGINS });
    this.#isDark.addEventListener("change", () => this.#dress());
    this.#dress();
  }

  /** @param {string} token @param {Pick<ChartOptions, "interval" | "currency">} wishes */
  show(token, wishes) {
    this.hide();
    this.#candles.clear();
    this.#places.trades.replaceChildren();
    this.#places.reason.textContent = "";
    this.#draw();
    const onCandle = (/** @type {Candle} */ candle) => this.#take(candle);
    const onError = (/** @type {Error} */ { message }) => void (this.#places.reason.textContent = message);
    this.#subscriptions = [
      this.#feed.candles(token, { ...wishes, onCandle, onError }),
      this.#feed.subscribe(token, { onPrice: (update) => this.#log(update) }),
    ];
  }

  hide() {
    for (const subscription of this.#subscriptions.splice(0)) subscription.close();
  }

  /** @param {Candle} candle */
  #take(candle) {
    this.#candles.set(candle.time, candle);
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => this.#draw()); // of a history, and of many trades in a frame, once
  }

  #draw() {
    this.#isDrawing = false;
    const candles = [...this.#candles.values()].sort((a, b) => a.time - b.time);
    const least = Math.min(...candles.flatMap(({ low }) => (low ? [low] : [])), 1);
    const digits = Math.min(12, Math.max(2, 4 - Math.floor(Math.log10(least))));
    this.#prices.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
    // One without prices, which is possible in dollars, is an empty place.
    this.#prices.setData(candles.map(({ time, open, high, low, close }) => {
      const at = { time: /** @type {UTCTimestamp} */ (time) };
      return open === undefined || high === undefined || low === undefined || close === undefined ? at : { ...at, open, high, low, close };
    }));
    this.#volumes.setData(candles.map(({ time, volumeSol = 0 }) => ({ time: /** @type {UTCTimestamp} */ (time), value: volumeSol })));
    this.#places.chart.dataset.candles = String(candles.length);
    this.#places.chart.dataset.close = String(candles.at(-1)?.close ?? "");
  }

  /** @param {Update} update */
  #log({ price, side, amount, amountSol, source, timestamp }) {
    if (source === "jupiter") return;
    const line = document.createElement("li");
    if (side !== undefined) line.dataset.move = side === "buy" ? "up" : "down";
    const texts = [new Date(timestamp * 1_000).toISOString().slice(11, 19), side ?? "trade", shown(amount), `${price} SOL`, amountSol === undefined ? "" : `${shown(amountSol)} SOL`];
    line.append(...texts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    this.#places.trades.prepend(line);
    if (this.#places.trades.childElementCount > SHOWN_TRADES) this.#places.trades.lastElementChild?.remove();
  }

  /** In the page's colors, which are others in the dark. */
  #dress() {
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`);
    const lines = { color: color("line") };
    this.#chart.applyOptions({
      layout: { textColor: color("soft") },
      grid: { vertLines: lines, horzLines: lines },
      timeScale: { borderColor: color("line") },
      rightPriceScale: { borderColor: color("line") },
    });
    const [upColor, downColor] = [color("up"), color("down")];
    this.#prices.applyOptions({ upColor, downColor, wickUpColor: upColor, wickDownColor: downColor, borderVisible: false });
    this.#volumes.applyOptions({ color: color("line") });
  }
}

/** @param {number | undefined} amount */
const shown = (amount) => (amount === undefined ? "" : amount.toLocaleString("en", { maximumSignificantDigits: 6 }));
