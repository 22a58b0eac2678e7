/**
 * What `Feed.candles` returns: history from the stack, then each trade as it comes.
 *
 * The join is a second, `#ownFrom`: what lies before it is the stack's, each trade from there on is counted here, once. It is the
 * start of the minute that ran when the chart began; the trades of that minute so far are read one by one, and told from those that
 * are heard by their ids. Of the candle in which it lies the part before (`#base`) is joined of the stack's minutes.
 *
 * A candle that is over, and one that a trade came late for, is read again, and what the stack says replaces what is here. That
 * changes nothing if it was right, so it is done whenever there is a doubt.
 */

import { Backoff, LASTING_MS } from "./backoff.js";
import { GrowingCandle, isSame, joined, SECONDS } from "./candle.js";
import { tell } from "./host.js";
import { firstIdOf } from "./ids.js";
import { Refusal } from "./refusal.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").Candle} Candle */
/** @typedef {import("../glow.js").FollowOptions} FollowOptions */
/** @typedef {import("../glow.js").State} State */
/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("./follower.js").Follower} Follower */
/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./options.js").ChartWishes} ChartWishes */
/** @typedef {import("./rest.js").Rest} Rest */

const MINUTE = 60;
const QUOTE = "jupiter"; // nobody traded at it
const DELIVERING = ["live", "moving", "polling"];
const ROWS_MS = 10_000; // the stack's rows follow their trades within about six seconds
const SPREAD_MS = 5_000; // so that not all clients read in the same second after the end of a candle
const KEPT_MS = 180_000; // longer than rows are behind and a read takes: what came before is in what is read
const LATE_SECONDS = 600; // so far back is read what came while nobody listened

export class Chart {
  token;
  #wishes;
  #seconds;
  #rest;
  #scope;
  #follower;
  /** What the feed said last. @type {State | null} */
  #last = null;
  /** @type {"waiting" | "beginning" | "running"} */
  #stage = "waiting";
  /** Reads run one after the other. @type {Promise<void>} */
  #turn = Promise.resolve();
  /** Trades that came before the chart has begun, of the last minutes. @type {{update: Update, heardAtMs: number}[]} */
  #arrivals = [];
  #ownFrom = 0;
  /** Candles that begin before this second are the stack's. */
  #settledUntil = 0;
  /** @type {Candle | null} */
  #base = null;
  /** By time. @type {Map<number, GrowingCandle>} */
  #growing = new Map();
  /** Ids of the trades that were read, which may be heard again. @type {Set<string>} */
  #read = new Set();
  /** By time. @type {Map<number, Candle>} */
  #told = new Map();
  #newestTime = 0;
  /** From where is read when the timer fires, and from where after that. @type {number | null} */
  #due = null;
  /** @type {number | null} */
  #dueLater = null;

  /** @param {string} token @param {ChartWishes} wishes @param {Rest} rest @param {Host} host @param {(options: FollowOptions) => Follower} follow */
  constructor(token, wishes, rest, host, follow) {
    this.token = token;
    this.#wishes = wishes;
    this.#seconds = SECONDS[wishes.interval];
    this.#rest = rest;
    this.#scope = new Scope(host);
    this.#follower = follow({ onPrice: (update) => this.#hear(update), onState: (state) => this.#note(state), onError: wishes.onError });
  }

  get state() {
    return this.#follower.state;
  }

  close() {
    this.#follower.close();
  }

  /** @param {State} state */
  #note(state) {
    const last = this.#last;
    this.#last = state;
    if (state.state === "closed") this.#scope.end();
    else if (DELIVERING.includes(state.state)) {
      const isRepeated = last?.state === state.state && last.path === state.path; // which says that prices were left out
      if (this.#stage === "waiting" || isRepeated) this.#begin();
      else if (this.#stage === "running") this.#doubt((this.#newestTime || this.#ownFrom) - LATE_SECONDS);
    }
    tell(() => this.#wishes.onState?.(state));
  }

  /** @param {Update} update */
  #hear(update) {
    if (this.#stage !== "running") this.#keep(update);
    else if (!this.#read.has(update.id)) this.#tellRunning(this.#add(update));
  }

  /** @param {Update} update */
  #keep(update) {
    const heardAtMs = this.#scope.host.nowMs();
    this.#arrivals.push({ update, heardAtMs });
    while (this.#arrivals[0].heardAtMs < heardAtMs - KEPT_MS) this.#arrivals.shift();
  }

  /** Adds a trade to its candle. Returns the time of that, if it has become another one. @param {Update} update */
  #add(update) {
    const { timestamp, source } = update;
    const time = this.#startOf(timestamp);
    if (source === QUOTE) return null;
    if (timestamp < this.#ownFrom || time < this.#settledUntil) {
      this.#doubt(time);
      return null;
    }
    if (!this.#growing.has(time)) {
      this.#growing.set(time, new GrowingCandle(time, this.#wishes.currency));
      this.#doubtAtEnd(time);
    }
    this.#growing.get(time)?.add(update, this.#scope.host.nowMs());
    return time;
  }

  /** Reads all, from the history on, and joins what comes live to it. */
  #begin() {
    this.#stage = "beginning";
    this.#queue(async () => {
      const backoff = new Backoff();
      const { host } = this.#scope;
      const failsAtMs = host.nowMs() + LASTING_MS;
      for (let isSaid = false; ; ) {
        try {
          if (await this.#readAll()) return;
        } catch (error) {
          if (error instanceof Refusal) throw error;
          if (!isSaid && !this.#scope.isOver && host.nowMs() >= failsAtMs) {
            isSaid = true;
            // No state says it: prices may well arrive.
            host.warn(`glow: ${this.token}: no chart: ${/** @type {Error} */ (error).message}`);
          }
        }
        await new Promise((resolve) => this.#scope.later(backoff.nextMs(this.#scope.host.random()), () => resolve(null)));
      }
    });
  }

  /** Returns false if an interval ended between two answers. */
  async #readAll() {
    const { candles, second } = await this.#candles({ limit: this.#wishes.limit });
    const last = candles.at(-1);
    const minutes = !last?.running ? [] : this.#wishes.interval === "1m" ? [last] : await this.#minutes(last.time);
    const ownFrom = last?.running ? runningMinute(minutes, last.time) : Math.max(last === undefined ? 0 : last.time + this.#seconds, second - (second % MINUTE) - MINUTE);
    if (last?.running && this.#startOf(ownFrom) !== last.time) return false;
    const trades = await this.#trades(ownFrom);

    const isHistory = this.#told.size === 0;
    this.#ownFrom = ownFrom;
    this.#settledUntil = last === undefined ? 0 : last.time + (last.running ? 0 : this.#seconds);
    this.#join(minutes);
    this.#growing.clear();
    this.#read = new Set(trades.map(({ id }) => id));
    for (const candle of candles) if (!candle.running) this.#tell(candle, isHistory);
    const arrivals = this.#arrivals.splice(0).map(({ update }) => update).filter(({ id, source }) => source !== QUOTE && !this.#read.has(id));
    this.#stage = "running";
    for (const trade of [...trades, ...arrivals]) if (trade.timestamp >= ownFrom) this.#add(trade);
    if (this.#base !== null && !this.#growing.has(this.#base.time)) this.#doubtAtEnd(this.#base.time);
    for (const time of this.#runningTimes) this.#tellRunning(time, isHistory);
    // Rows follow their trades, so some were on their way.
    this.#doubt(Math.min(ownFrom - LATE_SECONDS, ...arrivals.map(({ timestamp }) => timestamp)));
    return true;
  }

  /** Reads what the stack says of the candles from second `from` on. @param {number} from */
  async #readAgain(from) {
    const askedAtMs = this.#scope.host.nowMs();
    const { candles } = await this.#candles({ from: Math.max(0, this.#startOf(from)) });
    const baseTime = this.#startOf(this.#ownFrom);
    const isOver = candles.some(({ time, running }) => time >= baseTime && !running);
    if (from < this.#ownFrom && baseTime < this.#ownFrom && baseTime >= this.#settledUntil && !isOver) {
      this.#join(await this.#minutes(baseTime));
      this.#tellRunning(baseTime);
    }
    for (const candle of candles) {
      const { time, running } = candle;
      if (running) continue;
      // A trade that came shortly before may not be in its row yet.
      if ((this.#growing.get(time)?.heardAtMs ?? -Infinity) > askedAtMs - ROWS_MS) this.#doubt(time);
      this.#growing.delete(time);
      this.#settledUntil = Math.max(this.#settledUntil, time + this.#seconds);
      this.#tell(candle, false);
    }
  }

  /** Reads the candles from second `from` on once more, when their rows must have what came until now. @param {number} from */
  #doubt(from) {
    if (this.#due !== null) {
      this.#dueLater = Math.min(this.#dueLater ?? from, from);
      return;
    }
    this.#due = from;
    this.#scope.later(ROWS_MS + this.#scope.host.random() * SPREAD_MS, () => {
      const both = Math.min(from, this.#dueLater ?? from);
      this.#queue(() => this.#readAgain(both).catch((error) => {
        if (error instanceof Refusal) throw error;
        this.#doubt(both);
      }));
      const later = this.#dueLater;
      this.#due = this.#dueLater = null;
      if (later !== null) this.#doubt(later);
    });
  }

  /** @param {number} time of a candle */
  #doubtAtEnd(time) {
    const end = time + this.#seconds;
    const leftMs = this.#rest.msUntil(this.#scope, end) ?? this.#seconds * 1_000;
    this.#scope.later(Math.max(0, leftMs), () => this.#doubt(time));
  }

  /** Does it after the reads that run. @param {() => Promise<void>} read */
  #queue(read) {
    this.#turn = this.#turn.then(async () => {
      if (this.#scope.isOver) return;
      try {
        await read();
      } catch (refusal) {
        if (this.#scope.isOver) return;
        this.#follower.end(/** @type {Refusal} */ (refusal).message, /** @type {Refusal} */ (refusal));
        this.#follower.close();
      }
    });
  }

  /** @param {{from?: number, limit?: number}} span */
  #candles(span) {
    const { interval, currency } = this.#wishes;
    return this.#rest.candles(this.#scope, this.token, { interval, currency, ...span });
  }

  /** Those of the candle that begins at `time`, and later ones: without an end, because caches keep an answer about the past longer. @param {number} time @returns {Promise<Candle[]>} */
  async #minutes(time) {
    const { currency } = this.#wishes;
    return (await this.#rest.candles(this.#scope, this.token, { interval: "1m", currency, from: time })).candles;
  }

  /** All from second `from` on. @param {number} from */
  async #trades(from) {
    /** @type {Update[]} */
    const trades = [];
    for (let after = /** @type {string | null} */ (firstIdOf(from)); after !== null; ) {
      const { prices, next } = await this.#rest.page(this.#scope, this.token, after);
      trades.push(...prices);
      after = next;
    }
    return trades;
  }

  /** @param {readonly Candle[]} minutes */
  #join(minutes) {
    const before = minutes.filter(({ time }) => time < this.#ownFrom);
    this.#base = before.length === 0 ? null : joined(this.#startOf(this.#ownFrom), before);
  }

  get #runningTimes() {
    return [...new Set([...(this.#base === null ? [] : [this.#base.time]), ...this.#growing.keys()])].sort((a, b) => a - b);
  }

  /** @param {number | null} time of a candle that is not the stack's alone @param {boolean} [isHistory] */
  #tellRunning(time, isHistory = false) {
    if (time === null) return;
    const own = this.#growing.get(time)?.candle;
    const parts = [this.#base?.time === time ? this.#base : undefined, own].filter((part) => part !== undefined);
    if (parts.length > 0) this.#tell(parts.length === 1 ? parts[0] : joined(time, parts), isHistory);
  }

  /** @param {Candle} candle @param {boolean} isHistory */
  #tell(candle, isHistory) {
    if (this.#scope.isOver || isSame(this.#told.get(candle.time), candle)) return;
    this.#told.set(candle.time, candle);
    this.#newestTime = Math.max(this.#newestTime, candle.time);
    tell(() => this.#wishes.onCandle(candle, { isHistory }));
  }

  /** @param {number} second */
  #startOf(second) {
    return second - (((second % this.#seconds) + this.#seconds) % this.#seconds);
  }
}

/** The start of the minute that is not over. @param {readonly Candle[]} minutes from second `from` on @param {number} from */
function runningMinute(minutes, from) {
  const last = minutes.at(-1);
  if (last === undefined) return from;
  return last.running ? last.time : last.time + MINUTE;
}
