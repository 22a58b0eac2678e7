// Made of client/src by `npm run bundle`: change it there.

// client/src/backoff.js
var BASE_MS = 500;
var CAP_MS = 3e4;
var LASTING_MS = 1e4;
var AVOIDED_MS = 5 * 6e4;
var Backoff = class {
  #tries = 0;
  /** @param {number} random from 0 to 1 @returns {number} milliseconds */
  nextMs(random) {
    return random * Math.min(CAP_MS, BASE_MS * 2 ** this.#tries++);
  }
  reset() {
    this.#tries = 0;
  }
};
var Reach = class {
  /** By path, the one that failed last at the end. @type {Map<string, {sinceMs: number, lastMs: number}>} */
  #failed = /* @__PURE__ */ new Map();
  /**
   * Notes that a connection on `path` ended before it served. Returns whether that made it unreachable.
   * @param {string} path
   * @param {number} nowMs
   */
  noteFailure(path, nowMs) {
    const wasUnreachable = this.isUnreachable(path, nowMs);
    const before = this.#failed.get(path);
    const sinceMs = before !== void 0 && nowMs - before.lastMs < AVOIDED_MS ? before.sinceMs : nowMs;
    this.#failed.delete(path);
    this.#failed.set(path, { sinceMs, lastMs: nowMs });
    return !wasUnreachable && this.isUnreachable(path, nowMs);
  }
  /** Notes that a connection on `path` serves. @param {string} path */
  noteService(path) {
    this.#failed.delete(path);
  }
  /** Whether `path` failed and failed again, over 10 s or more, and lately. @param {string} path @param {number} nowMs */
  isUnreachable(path, nowMs) {
    const row = this.#failed.get(path);
    return row !== void 0 && row.lastMs - row.sinceMs >= LASTING_MS && nowMs - row.lastMs < AVOIDED_MS;
  }
  /** How long some path will still be avoided. @param {number} nowMs */
  avoidedForMs(nowMs) {
    const row = this.#failed.get(this.avoided(nowMs) ?? "");
    return row === void 0 ? 0 : row.lastMs + AVOIDED_MS - nowMs;
  }
  /** The unreachable path that failed last; null if every path can be tried. @param {number} nowMs */
  avoided(nowMs) {
    return [...this.#failed.keys()].filter((path) => this.isUnreachable(path, nowMs)).at(-1) ?? null;
  }
};

// client/src/ids.js
var placeOf = (id) => id.slice(0, 23);
var byPlace = ({ id: a }, { id: b }) => placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0;
var firstIdOf = (timestamp) => `${String(timestamp).padStart(10, "0")}-000000000000-0`;
var idBefore = (id, seconds) => firstIdOf(Math.max(0, Number(id.slice(0, 10)) - seconds));

// client/src/candle.js
var SECONDS = Object.freeze({ "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400 });
var FIELDS = ["time", "open", "high", "low", "close", "volume", "volumeSol", "trades", "running"];
var isSame = (a, b) => a !== void 0 && FIELDS.every((field) => a[field] === b[field]);
var GrowingCandle = class {
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
    if (price === void 0) this.#prices = null;
    else if (this.#prices === void 0) {
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
};
function joined(time, candles) {
  const [volume, volumeSol] = [new Sum(), new Sum()];
  for (const candle of candles) {
    volume.add(candle.volume);
    volumeSol.add(candle.volumeSol);
  }
  return { time, ...pricesOf(candles), volume: volume.value, volumeSol: volumeSol.value, trades: candles.reduce((sum, { trades }) => sum + trades, 0), running: true };
}
function pricesOf(candles) {
  if (candles.some(({ open }) => open === void 0)) return {};
  const highs = candles.map(({ high }) => Number(high));
  const lows = candles.map(({ low }) => Number(low));
  return { open: candles[0].open, high: Math.max(...highs), low: Math.min(...lows), close: candles[candles.length - 1].close };
}
var Sum = class {
  #sum = 0;
  #lost = 0;
  #isKnown = false;
  /** undefined if nothing was added. */
  get value() {
    return this.#isKnown ? this.#sum + this.#lost : void 0;
  }
  /** @param {number | undefined} amount */
  add(amount) {
    if (amount === void 0) return;
    const sum = this.#sum + amount;
    this.#lost += Math.abs(this.#sum) >= Math.abs(amount) ? this.#sum - sum + amount : amount - sum + this.#sum;
    this.#sum = sum;
    this.#isKnown = true;
  }
};

// client/src/host.js
var MAX_DELAY_MS = 2 ** 31 - 1;
var WAKING_EVENTS = ["online", "offline", "visibilitychange"];
function tell(callback) {
  try {
    callback();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
var HOST = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  setTimer(act, delayMs) {
    const timer = setTimeout(act, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
  fetch: (url, { signal }, bearer) => fetch(url, bearer === void 0 ? { signal } : { signal, headers: { authorization: `Bearer ${bearer}` }, redirect: "error" }),
  onWake(act) {
    const controller = new AbortController();
    for (const event of WAKING_EVENTS) globalThis.addEventListener?.(event, act, controller);
    return () => controller.abort();
  },
  warn: (text) => console.error(text)
};

// client/src/refusal.js
var FINAL_CODES = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS", "UNKNOWN_PATH", "FORBIDDEN_TOKEN", "UNAUTHORIZED"];
var Refusal = class extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
};
var isFinal = (code) => FINAL_CODES.includes(code ?? "");

// client/src/scope.js
var Scope = class {
  isOver = false;
  /** @type {Set<() => void>} */
  #ends = /* @__PURE__ */ new Set();
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
  }
  /**
   * @param {number} delayMs
   * @param {() => void} act
   * @param {() => void} [atEnd] called if this ends before
   * @returns {() => void} cancels both
   */
  later(delayMs, act, atEnd) {
    if (this.isOver) return () => {
    };
    const cancel = () => {
      clear();
      this.#ends.delete(end);
    };
    const clear = this.host.setTimer(() => {
      cancel();
      act();
    }, delayMs);
    const end = () => {
      clear();
      atEnd?.();
    };
    this.#ends.add(end);
    return cancel;
  }
  end() {
    this.isOver = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
};

// client/src/chart.js
var MINUTE = 60;
var QUOTE = "jupiter";
var DELIVERING = ["live", "moving", "polling"];
var ROWS_MS = 1e4;
var SPREAD_MS = 5e3;
var KEPT_MS = 18e4;
var LATE_SECONDS = 600;
var Chart = class {
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
  #growing = /* @__PURE__ */ new Map();
  /** Ids of the trades that were read, which may be heard again. @type {Set<string>} */
  #read = /* @__PURE__ */ new Set();
  /** By time. @type {Map<number, Candle>} */
  #told = /* @__PURE__ */ new Map();
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
      const isRepeated = last?.state === state.state && last.path === state.path;
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
            host.warn(`glow: ${this.token}: no chart: ${/** @type {Error} */
            error.message}`);
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
    const ownFrom = last?.running ? runningMinute(minutes, last.time) : Math.max(last === void 0 ? 0 : last.time + this.#seconds, second - second % MINUTE - MINUTE);
    if (last?.running && this.#startOf(ownFrom) !== last.time) return false;
    const trades = await this.#trades(ownFrom);
    const isHistory = this.#told.size === 0;
    this.#ownFrom = ownFrom;
    this.#settledUntil = last === void 0 ? 0 : last.time + (last.running ? 0 : this.#seconds);
    this.#join(minutes);
    this.#growing.clear();
    this.#read = new Set(trades.map(({ id }) => id));
    for (const candle of candles) if (!candle.running) this.#tell(candle, isHistory);
    const arrivals = this.#arrivals.splice(0).map(({ update }) => update).filter(({ id, source }) => source !== QUOTE && !this.#read.has(id));
    this.#stage = "running";
    for (const trade of [...trades, ...arrivals]) if (trade.timestamp >= ownFrom) this.#add(trade);
    if (this.#base !== null && !this.#growing.has(this.#base.time)) this.#doubtAtEnd(this.#base.time);
    for (const time of this.#runningTimes) this.#tellRunning(time, isHistory);
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
    const leftMs = this.#rest.msUntil(this.#scope, end) ?? this.#seconds * 1e3;
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
        this.#follower.end(
          /** @type {Refusal} */
          refusal.message,
          /** @type {Refusal} */
          refusal
        );
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
    const trades = [];
    for (let after = (
      /** @type {string | null} */
      firstIdOf(from)
    ); after !== null; ) {
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
    return [.../* @__PURE__ */ new Set([...this.#base === null ? [] : [this.#base.time], ...this.#growing.keys()])].sort((a, b) => a - b);
  }
  /** @param {number | null} time of a candle that is not the stack's alone @param {boolean} [isHistory] */
  #tellRunning(time, isHistory = false) {
    if (time === null) return;
    const own = this.#growing.get(time)?.candle;
    const parts = [this.#base?.time === time ? this.#base : void 0, own].filter((part) => part !== void 0);
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
    return second - (second % this.#seconds + this.#seconds) % this.#seconds;
  }
};
function runningMinute(minutes, from) {
  const last = minutes.at(-1);
  if (last === void 0) return from;
  return last.running ? last.time : last.time + MINUTE;
}

// client/src/pass.js
var ASKS_FOR_ANOTHER = ["UNAUTHORIZED", "TOKEN_EXPIRED"];
var PATIENCE_MS = 3e4;
var Pass = class {
  #getToken;
  #scope;
  /** @type {Grant | null} */
  #kept = null;
  /** One that is old and was not refused: it serves as long as the app has no other. @type {Grant | null} */
  #aged = null;
  /** @param {() => string | Promise<string>} getToken @param {Scope} scope the feed's */
  constructor(getToken, scope) {
    this.#getToken = getToken;
    this.#scope = scope;
  }
  /** @returns {Grant} rejected if the app has none to give */
  get() {
    if (this.#kept !== null) return this.#kept;
    const grant = this.#ask().catch((error) => {
      if (this.#kept === grant) this.#kept = null;
      if (this.#aged === null) throw error;
      return this.#aged;
    });
    return this.#kept = grant;
  }
  /** @param {Grant} grant that is old */
  age(grant) {
    if (this.#kept === grant) [this.#kept, this.#aged] = [null, grant];
  }
  /** @param {Grant} grant that was refused */
  drop(grant) {
    if (this.#kept === grant) this.#kept = null;
    this.#aged = null;
  }
  async #ask() {
    let cancel = () => {
    };
    try {
      const late = new Promise((_, reject) => {
        const giveUp = () => reject(new Error(`no answer for ${PATIENCE_MS / 1e3} s`));
        cancel = this.#scope.later(PATIENCE_MS, giveUp, giveUp);
      });
      const token = await Promise.race([this.#getToken(), late]);
      if (typeof token === "string" && token !== "") return token;
    } catch (error) {
      throw new Error(`getToken failed: ${error}`);
    } finally {
      cancel();
    }
    throw new Error("getToken must give a text");
  }
};
var asksForAnother = (code) => ASKS_FOR_ANOTHER.includes(code ?? "");

// client/src/rest.js
var ANSWER_MS = 1e4;
var TOO_OLD = "this stack serves no feeds: bring it up to date, or use subscribe()";
var NO_CANDLES = "this stack serves no candles: bring it up to date";
var Failure = class extends Error {
  /** @param {string} message @param {number} [status] */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
};
var Rest = class {
  #api;
  #pass;
  /** How far the stack's clock is ahead of the device's. @type {number | null} */
  #aheadMs = null;
  /** @param {string} api @param {string | undefined} region @param {Pass | null} pass */
  constructor(api, region, pass) {
    this.#api = api.replace(/\/+$/, "");
    this.region = region;
    this.#pass = pass;
  }
  /** @param {Scope} scope @param {string} token @param {string | null} avoid a path @returns {Promise<Place>} */
  async route(scope, token, avoid) {
    const [route, date] = await this.#get(scope, `/connect/${token}`, { region: this.region, avoid });
    if (route.protocol === void 0) throw new Error(`${this.#api}/connect answers no route`);
    return placeOf2(route, date);
  }
  /**
   * The places of many tokens, in the order of `tokens`; an error for each that has none.
   * @param {Scope} scope
   * @param {readonly string[]} tokens
   * @param {string | null} avoid
   * @returns {Promise<(Place | Error)[]>}
   */
  async routes(scope, tokens, avoid) {
    try {
      const [{ routes }, date] = await this.#get(scope, `/connect?tokens=${tokens}`, { region: this.region, avoid });
      if (routes?.length !== tokens.length) throw new Error(`${this.#api}/connect answers no routes`);
      return routes.map((answer) => {
        return "error" in answer ? errorOf(answer.error) : placeOf2(answer, date);
      });
    } catch (error) {
      if (
        /** @type {Failure} */
        error.status === 404 && !(await this.route(scope, tokens[0], avoid)).route.live
      ) throw new Refusal("UNSUPPORTED", TOO_OLD);
      throw error;
    }
  }
  /** The newest price alone, or nothing if there is none yet. @param {Scope} scope @param {string} token @returns {Promise<Update[]>} */
  async newest(scope, token) {
    return (await this.#get(scope, `/tokens/${token}/price`)).slice(0, 1);
  }
  /**
   * A page of the prices with ids above `after`, ascending.
   * @param {Scope} scope
   * @param {string} token
   * @param {string} after
   * @returns {Promise<{prices: Update[], next: string | null}>}
   */
  async page(scope, token, after) {
    return (await this.#get(scope, `/tokens/${token}/prices`, { after }))[0];
  }
  /**
   * Candles, ascending, of all pages, and the second of the stack's clock; 0 if that is not known.
   * @param {Scope} scope
   * @param {string} token
   * @param {{interval: string, currency: string, from?: number, limit?: number}} query
   * @returns {Promise<{candles: Candle[], second: number}>}
   */
  async candles(scope, token, { from, limit, ...query }) {
    const candles = [];
    for (let next = from; ; ) {
      const [page, date] = await this.#get(scope, `/tokens/${token}/candles`, { ...query, from: next?.toString(), limit: limit?.toString() }).catch((error) => {
        throw error.status === 404 ? new Refusal("UNSUPPORTED", NO_CANDLES) : error;
      });
      for (const candle of page.candles) candles.push({ ...candle, running: candle.running === true });
      if (page.next === null) return { candles, second: date ? Date.parse(date) / 1e3 : 0 };
      next = page.next;
    }
  }
  /**
   * How long until a time of the stack's clock; null if that clock is not known. The device's clock may be wrong.
   * @param {Scope} scope
   * @param {number} timestamp Unix seconds
   */
  msUntil(scope, timestamp) {
    return this.#aheadMs === null ? null : timestamp * 1e3 - this.#aheadMs - scope.host.nowMs();
  }
  /**
   * @param {Scope} scope
   * @param {string} path
   * @param {Record<string, string | null | undefined>} [query]
   * @returns {Promise<any[]>} the body and the header Date; nothing if there is no price yet
   */
  async #get(scope, path, query = {}) {
    const url = this.#api + path + queryOf(query, path.includes("?"));
    try {
      for (let isLastTry = this.#pass === null; ; isLastTry = true) {
        const grant = this.#pass?.get();
        const { status, ok, text, date } = await ask(scope, url, await grant);
        if (ok) {
          if (date) this.#aheadMs = Date.parse(date) - scope.host.nowMs();
          return [JSON.parse(text), date];
        }
        const { code, message } = errorIn(text);
        if (code === "NO_PRICE") return [];
        if (grant !== void 0 && asksForAnother(code)) {
          this.#pass?.drop(grant);
          if (!isLastTry) continue;
        }
        if (status < 500 && isFinal(code)) throw new Refusal(code, message);
        throw new Failure(`HTTP status ${status} ${text.slice(0, 200)}`, status);
      }
    } catch (error) {
      const { message, status } = (
        /** @type {Failure} */
        error
      );
      throw error instanceof Refusal ? error : new Failure(`${url}: ${message}`, status);
    }
  }
};
async function ask(scope, url, bearer) {
  if (scope.isOver) throw new Error("nobody wants the answer any more");
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancel = scope.later(ANSWER_MS, abort, abort);
  try {
    const response = await scope.host.fetch(url, controller, bearer);
    const { status, ok, headers } = response;
    return { status, ok, text: await response.text(), date: headers.get("date") };
  } finally {
    cancel();
  }
}
var placeOf2 = (route, date) => ({ route, askedAt: date && firstIdOf(Date.parse(date) / 1e3) });
var errorOf = ({ code, message }) => isFinal(code) ? new Refusal(code, message) : new Error(`${code}: ${message}`);
function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}
function queryOf(fields, goesOn = false) {
  const text = Object.entries(fields).map(([name, value]) => value == null ? "" : `&${name}=${encodeURIComponent(value)}`).join("");
  return goesOn ? text : text.replace("&", "?");
}

// client/src/admission.js
var PASS_PART = 0.9;
var JITTER = 0.1;
var early = ({ host }, timeMs) => timeMs * (1 - JITTER * host.random());
var Admission = class {
  #pass;
  #scope;
  #socket;
  /** @type {Stage} */
  #stage = "opening";
  /** What the server was shown last. @type {Grant | null} */
  #grant = null;
  #cancelRenewal = () => {
  };
  /** @param {Pass | null} pass null: none is asked for @param {Scope} scope @param {Socket} socket */
  constructor(pass, scope, socket) {
    this.#pass = pass;
    this.#scope = scope;
    this.#socket = socket;
  }
  get isAdmitted() {
    return this.#stage === "admitted";
  }
  /** The socket is open. */
  ask() {
    if (this.#pass === null) this.#stage = "admitted";
    else void this.#show(this.#pass, "asking");
  }
  /**
   * The server has accepted the pass. Returns in which time there will be another one.
   * @param {number | null} leftMs of the pass; null if that is not known, or it does not end
   * @param {boolean} canRenew whether that is shown to the same socket
   */
  accept(leftMs, canRenew) {
    this.#stage = "admitted";
    this.#cancelRenewal();
    if (leftMs === null) return Infinity;
    const renewInMs = Math.max(ANSWER_MS, early(this.#scope, leftMs * PASS_PART));
    this.#cancelRenewal = this.#scope.later(renewInMs, () => {
      if (this.#pass === null || this.#grant === null) return;
      this.#pass.age(this.#grant);
      if (canRenew) void this.#show(this.#pass, "admitted");
    });
    return renewInMs;
  }
  /** The pass is not taken any more. */
  expire() {
    if (this.#grant !== null) this.#pass?.drop(this.#grant);
  }
  /**
   * The server may not have liked the pass. Shows another one in place of one that was refused, but not a third one. Returns whether
   * it has dealt with the error.
   * @param {string | undefined} code
   */
  retry(code) {
    if (this.#pass === null || !asksForAnother(code)) return false;
    const isLast = this.#stage === "asking again";
    this.expire();
    if (code === "TOKEN_EXPIRED") this.#socket.fail(`says ${code}`);
    else if (!isLast) void this.#show(this.#pass, "asking again");
    return code === "TOKEN_EXPIRED" || !isLast;
  }
  /** @param {Pass} pass @param {Stage} stage until the server has answered */
  async #show(pass, stage) {
    this.#stage = stage;
    this.#grant = pass.get();
    try {
      const token = await this.#grant;
      if (!this.#scope.isOver) this.#socket.say({ action: "authorize", token });
    } catch (error) {
      this.#socket.fail(String(error));
    }
  }
};

// client/src/gatherer.js
var SOON_MS = 2;
var APART_MS = 100;
var Gatherer = class {
  #scope;
  #act;
  #isDue = false;
  #nextAtMs = -Infinity;
  /** @param {Scope} scope @param {() => void} act */
  constructor(scope, act) {
    this.#scope = scope;
    this.#act = act;
  }
  ask() {
    if (this.#isDue) return;
    const { host } = this.#scope;
    this.#isDue = true;
    this.#scope.later(Math.max(SOON_MS, this.#nextAtMs - host.nowMs()), () => {
      this.#isDue = false;
      this.#nextAtMs = host.nowMs() + APART_MS;
      this.#act();
    });
  }
};

// client/src/pulse.js
var LATE_TIMER_MS = 1e3;
var Pulse = class {
  #scope;
  #ping;
  #die;
  /** Cancels the wait for an answer. @type {(() => void) | null} */
  #cancelWait = null;
  /** @param {Scope} scope @param {() => void} ping @param {() => void} die */
  constructor(scope, ping, die) {
    this.#scope = scope;
    this.#ping = ping;
    this.#die = die;
  }
  /** Pings every `pingMs`. @param {number} pingMs */
  beatEvery(pingMs) {
    this.#scope.later(pingMs, () => {
      this.check();
      this.beatEvery(pingMs);
    });
  }
  /** Notes that something was received. */
  hear() {
    this.#cancelWait?.();
    this.#cancelWait = null;
  }
  /** Pings now. Any message is an answer. */
  check() {
    this.#ping();
    if (this.#cancelWait === null) this.#waitOnce(true);
  }
  /** @param {boolean} mayBeLate */
  #waitOnce(mayBeLate) {
    const dueMs = this.#scope.host.nowMs() + ANSWER_MS;
    this.#cancelWait = this.#scope.later(ANSWER_MS, () => {
      if (!mayBeLate || this.#scope.host.nowMs() - dueMs <= LATE_TIMER_MS) return this.#die();
      this.#ping();
      this.#waitOnce(false);
    });
  }
};

// client/src/roster.js
var Roster = class {
  /** By token. @type {Map<string, Seat>} */
  #seats = /* @__PURE__ */ new Map();
  /** How many tokens the server may count. */
  get size() {
    return this.#seats.size;
  }
  /** @param {string} token @param {Delivery | null} delivery null: the token is to be left */
  want(token, delivery) {
    const seat = this.#seats.get(token) ?? { wanted: null, served: null };
    seat.wanted = delivery;
    this.#keep(token, seat);
  }
  /** The tokens to subscribe and to unsubscribe now. They count as asked. */
  takeDue() {
    const due = { joining: [], leaving: [] };
    for (const [token, seat] of this.#seats) {
      if (seat.asked !== void 0 || seat.wanted === seat.served) continue;
      seat.asked = seat.wanted;
      (seat.wanted === null ? due.leaving : due.joining).push(token);
    }
    return due;
  }
  /** Notes that the server did as it was asked. What it says unasked changes nothing. @param {string} token @param {boolean} isServed */
  confirm(token, isServed) {
    const seat = this.#seats.get(token);
    if (seat?.asked === void 0 || isServed === (seat.asked === null)) return;
    seat.served = seat.asked;
    seat.asked = void 0;
    this.#keep(token, seat);
  }
  /** Notes that the server does not serve the token, whatever it was asked. @param {string} token */
  drop(token) {
    this.#seats.delete(token);
  }
  /** @param {string} token @param {Seat} seat */
  #keep(token, seat) {
    if (seat.wanted === null && seat.served === null && seat.asked === void 0) this.#seats.delete(token);
    else this.#seats.set(token, seat);
  }
};

// client/src/connection.js
var CLOSED_BY_POLICY = 1008;
var PASS_EXPIRED = 4001;
var SILENT = `no answer for ${ANSWER_MS} ms`;
var MAX_TOKENS = 100;
var Connection = class {
  scope;
  /** Whether the server has said that it is there. */
  isGreeted = false;
  #hasServed = false;
  /** When its tokens must have gone to another one. */
  renewAtMs = Infinity;
  /** A random part, the same for all its tokens, so that those that move together stay together. */
  spread;
  /** By token. @type {Map<string, Router>} */
  #routers = /* @__PURE__ */ new Map();
  #roster = new Roster();
  #admission;
  #keeper;
  #pulse;
  /** @type {Socket | null} */
  #socket = null;
  #gatherer;
  /** @param {Address} address @param {Keeper} keeper */
  constructor(address, keeper) {
    this.address = address;
    this.#keeper = keeper;
    const { host } = keeper;
    this.spread = host.random();
    this.scope = new Scope(host);
    this.#admission = new Admission(address.pass, this.scope, { say: (message) => this.#say(message), fail: (reason) => this.fail(reason) });
    this.#gatherer = new Gatherer(this.scope, () => this.#sayDue());
    this.#pulse = new Pulse(this.scope, () => this.#say(address.protocol.ping), () => this.fail(SILENT));
  }
  /** Whether another token may come. */
  get hasRoom() {
    return this.address.isLive && !this.scope.isOver && this.#roster.size < MAX_TOKENS && this.scope.host.nowMs() < this.renewAtMs;
  }
  /** Opens the socket, for the tokens that were added. */
  open() {
    const { url, protocol } = this.address;
    this.scope.later(ANSWER_MS, () => this.isGreeted || this.fail(SILENT));
    try {
      const [first] = this.#routers.values();
      const socket = this.#socket = new this.#keeper.host.WebSocket(protocol.subscribe === null ? url + queryOf(this.#wishOf(first)) : url);
      socket.onopen = () => this.#beOpen();
      socket.onmessage = ({ data }) => this.#receive(data);
      socket.onclose = ({ code, reason }) => this.#end(code, reason);
      socket.onerror = () => {
      };
    } catch (error) {
      this.scope.later(0, () => this.fail(String(error)));
    }
  }
  /** Serves the token of `router`, or serves it in another delivery. @param {Router} router */
  add(router) {
    this.#routers.set(router.token, router);
    this.#roster.want(router.token, router.channel.delivery);
    this.#gather();
  }
  /** @param {Router} router that wants nothing of this any more */
  leave(router) {
    this.#routers.delete(router.token);
    this.#roster.want(router.token, null);
    if (this.#routers.size === 0) this.#close(false);
    else this.#gather();
  }
  /** Asks for a sign of life now: the network may be another one. */
  check() {
    if (this.isGreeted) this.#pulse.check();
  }
  /** Counts on nothing that the server was asked or has answered about the token. @param {string} token */
  doubt(token) {
    this.#roster.drop(token);
  }
  /** @param {string} reason */
  fail(reason) {
    if (this.scope.isOver) return;
    this.#close(true);
    for (const router of this.#routers.values()) router.onEnd(this, `${this.address.url} ${reason}`);
  }
  /** @param {boolean} isWanted */
  #close(isWanted) {
    if (this.scope.isOver) return;
    this.scope.end();
    this.#socket?.close(1e3);
    this.#keeper.noteEnd(this, isWanted && !this.#hasServed);
  }
  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    if (this.scope.isOver) return;
    if (code === CLOSED_BY_POLICY) return this.#refuse(this.#routers.values(), "POLICY", reason);
    if (code === PASS_EXPIRED) this.#admission.expire();
    this.fail(`ended: ${code} ${reason}`);
  }
  /** What a token wants; the cursor of a move is for a client that has none. @param {Router} router */
  #wishOf({ channel, movedAfter }) {
    const { after, delivery } = channel.wish(this.address.path);
    return { after: after ?? movedAfter ?? void 0, delivery };
  }
  /** @param {number | null} expiresAt Unix seconds; null: no pass is needed here */
  #beAuthorized(expiresAt) {
    const leftMs = expiresAt === null ? null : this.#keeper.rest.msUntil(this.scope, expiresAt);
    const hasAge = this.address.protocol.maxAgeMs !== null;
    const renewInMs = this.#admission.accept(leftMs, !hasAge);
    if (hasAge) this.#renewIn(renewInMs);
    this.#gather();
  }
  /** @param {number} timeMs */
  #renewIn(timeMs) {
    this.renewAtMs = Math.min(this.renewAtMs, this.scope.host.nowMs() + timeMs);
  }
  #beOpen() {
    if (this.scope.isOver) return;
    this.#admission.ask();
    this.#gather();
  }
  /** Sends soon what is due by then. */
  #gather() {
    if (this.#admission.isAdmitted) this.#gatherer.ask();
  }
  /** A command is never too large: 100 tokens, ids and deliveries take 15 of its 16 KiB. */
  #sayDue() {
    const { subscribe: subscribe3 } = this.address.protocol;
    if (subscribe3 === null) return;
    const { joining, leaving } = this.#roster.takeDue();
    if (leaving.length > 0) this.#say({ action: "unsubscribePrice", ...leaving.length > 1 ? { tokens: leaving } : { token: leaving[0] } });
    const wishes = joining.flatMap((token) => {
      const router = this.#routers.get(token);
      return router === void 0 ? [] : [{ token, ...this.#wishOf(router) }];
    });
    if (wishes.length > 0) this.#say({ ...subscribe3, ...wishes.length > 1 ? { subscriptions: wishes } : wishes[0] });
  }
  /** @param {string} text */
  #receive(text) {
    if (this.scope.isOver) return;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.fail("sent no JSON");
    }
    this.#pulse.hear();
    if (message.type === "PRICE_UPDATE") this.#pass([
      /** @type {any} */
      message
    ]);
    else if (message.type === "PRICE_BATCH") this.#pass(message.updates ?? []);
    else this.#handle(message);
  }
  /** @param {Message} message */
  #handle(message) {
    const tokens = this.#tokensOf(message);
    const routers = tokens.flatMap((token) => this.#routers.get(token) ?? []);
    switch (message.type) {
      case "connected":
        this.#greet();
        if (this.address.protocol.subscribe === null) this.#serve(routers);
        return;
      case "AUTHORIZED":
        this.#greet();
        return this.#beAuthorized(message.expiresAt ?? null);
      case "SUBSCRIBED":
        this.#greet();
        this.#confirm(tokens, true);
        return this.#serve(routers);
      case "UNSUBSCRIBED":
        return this.#confirm(tokens, false);
      case "GAP":
        for (const { channel } of routers) channel.miss(message.after ?? null);
        return;
      case "MOVED":
        this.#confirm(tokens, true);
        for (const router of routers) router.onMoved(
          this,
          /** @type {any} */
          message
        );
        return;
      case "ERROR":
        return this.#err(message, tokens, routers);
    }
  }
  #greet() {
    if (this.isGreeted) return;
    const { pingMs, maxAgeMs } = this.address.protocol;
    this.isGreeted = true;
    this.#pulse.beatEvery(pingMs);
    this.#renewIn(early(this.scope, maxAgeMs ?? Infinity));
  }
  /** @param {readonly Router[]} routers */
  #serve(routers) {
    if (!this.#hasServed) this.#keeper.noteService(this);
    this.#hasServed = true;
    for (const router of routers) router.onServing(this);
  }
  /** Notes an answer; what the app wanted meanwhile is due now. @param {readonly string[]} tokens @param {boolean} isServed */
  #confirm(tokens, isServed) {
    for (const token of tokens) this.#roster.confirm(token, isServed);
    this.#gather();
  }
  /** @param {Message} message @param {readonly string[]} tokens the one that it names, or all @param {readonly Router[]} routers */
  #err({ code, message = "", token }, tokens, routers) {
    const said = `says ${code}: ${message}`;
    if (this.#admission.retry(code)) return;
    if (isFinal(code) && (token !== void 0 || tokens.length === 1 || code === "UNAUTHORIZED")) {
      for (const refused of tokens) this.#roster.drop(refused);
      return this.#refuse(routers, `${code}`, message);
    }
    if (code !== "UNAVAILABLE" || token === void 0) return this.fail(said);
    this.#confirm(tokens, true);
    for (const router of routers) router.onUnavailable(this, `${this.address.url} ${said}`);
  }
  /** @param {Iterable<Router>} routers @param {string} code @param {string} reason */
  #refuse(routers, code, reason) {
    for (const router of [...routers]) router.onRefused(new Refusal(code, reason));
  }
  /** @param {readonly Update[]} updates of any tokens */
  #pass(updates) {
    for (const update of updates) this.#routers.get(update.token)?.channel.take(this.address.path, update);
  }
  /** Those that a message names; all of them, if it names none. @param {Message} message */
  #tokensOf({ token, tokens }) {
    return tokens ?? (token === void 0 ? [...this.#routers.keys()] : [token]);
  }
  /** @param {object} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
};

// client/src/connections.js
var SETTLED_MS = 3e4;
var Connections = class {
  reach = new Reach();
  host;
  rest;
  #pass;
  #isShared;
  #backoff = new Backoff();
  #triesAgainAtMs = -Infinity;
  /** Paths whose socket for one token ended before it served: its room may be full, which a browser cannot see. @type {Set<string>} */
  #fullPaths = /* @__PURE__ */ new Set();
  /** @type {Set<Connection>} */
  #open = /* @__PURE__ */ new Set();
  /** @param {Host} host @param {Rest} rest @param {Pass | null} pass @param {boolean} isShared whether tokens share sockets */
  constructor(host, rest, pass, isShared) {
    this.host = host;
    this.rest = rest;
    this.#pass = pass;
    this.#isShared = isShared;
  }
  /** @param {Route} route @param {Router} router @returns {Connection} that will serve its token */
  join(route, router) {
    const address = this.#addressOf(route);
    const other = [...this.#open].find((connection2) => connection2.hasRoom && connection2.address.url === address.url);
    const connection = other ?? new Connection(address, this);
    connection.add(router);
    if (other === void 0) {
      this.#open.add(connection);
      connection.open();
    }
    return connection;
  }
  /** Whether a route says enough to open it: old stacks do not name the socket for many tokens. @param {Route} route */
  canOpen(route) {
    return route.live !== void 0 || !this.#wantsLive(route.path);
  }
  /** Looks whether the connections live. */
  check() {
    for (const connection of this.#open) connection.check();
  }
  /** How long until the next try. It is one for all, so that tokens that failed together come back together. */
  pauseMs() {
    const nowMs = this.host.nowMs();
    if (this.#triesAgainAtMs <= nowMs) this.#triesAgainAtMs = nowMs + this.#backoff.nextMs(this.host.random());
    return this.#triesAgainAtMs - nowMs;
  }
  /** @param {Connection} connection */
  noteService({ address, scope }) {
    this.reach.noteService(address.path);
    scope.later(SETTLED_MS, () => this.#backoff.reset());
  }
  /** @param {Connection} connection @param {boolean} hasFailed before it served */
  noteEnd(connection, hasFailed) {
    const { path, isLive } = connection.address;
    this.#open.delete(connection);
    if (!hasFailed) return;
    if (isLive) this.#fullPaths.delete(path);
    else this.#fullPaths.add(path);
    if (this.reach.noteFailure(path, this.host.nowMs())) this.#backoff.reset();
  }
  /** @param {string} path */
  #wantsLive(path) {
    return this.#isShared || this.#pass !== null || this.#fullPaths.has(path);
  }
  /** @param {Route} route @returns {import("./connection.js").Address} */
  #addressOf({ path, url, protocol, live }) {
    if (live === void 0 || !this.#wantsLive(path)) return { path, url, protocol, isLive: false, pass: null };
    return { path, ...live, isLive: true, pass: this.#pass };
  }
};

// client/src/discovery.js
var MAX_TOKENS2 = 100;
var MAX_LETTERS = 5e3;
var Discovery = class {
  #rest;
  #scope;
  #asksForMany;
  #gatherer;
  /** @type {Question[]} */
  #questions = [];
  /** @param {Rest} rest @param {Scope} scope @param {boolean} asksForMany */
  constructor(rest, scope, asksForMany) {
    this.#rest = rest;
    this.#scope = scope;
    this.#asksForMany = asksForMany;
    this.#gatherer = new Gatherer(scope, () => this.#askAll());
  }
  /** @param {string} token @param {string | null} avoid a path @returns {Promise<Place>} */
  ask(token, avoid) {
    if (!this.#asksForMany) return this.#rest.route(this.#scope, token, avoid);
    this.#gatherer.ask();
    return new Promise((answer) => this.#questions.push({ token, avoid, answer }));
  }
  #askAll() {
    for (const questions of calls(this.#questions.splice(0))) {
      const places = this.#rest.routes(this.#scope, questions.map(({ token }) => token), questions[0].avoid);
      for (const [index, { answer }] of questions.entries()) answer(places.then((all) => placeOrThrow(all[index])));
    }
  }
};
function placeOrThrow(place) {
  if (place instanceof Error) throw place;
  return place;
}
function calls(questions) {
  const calls2 = [];
  let letters = 0;
  for (const question of [...questions].sort((a, b) => `${a.avoid}`.localeCompare(`${b.avoid}`))) {
    const call = calls2.at(-1);
    letters += question.token.length + 1;
    if (call !== void 0 && call[0].avoid === question.avoid && call.length < MAX_TOKENS2 && letters <= MAX_LETTERS) call.push(question);
    else {
      calls2.push([question]);
      letters = question.token.length + 1;
    }
  }
  return calls2;
}

// client/src/follower.js
var Follower = class {
  wishes;
  #stream;
  /** `joining`: the token's stream runs, and the app has not been told yet what it knows. @type {"joining" | "following" | "closed"} */
  #stage = "joining";
  /** @type {State} */
  #state;
  /** @param {Wishes} wishes @param {Stream} stream */
  constructor(wishes, stream) {
    this.wishes = wishes;
    this.#stream = stream;
    this.#state = stream.state;
  }
  get token() {
    return this.#stream.token;
  }
  get state() {
    return this.#state;
  }
  get newest() {
    return this.#stream.newest;
  }
  close() {
    this.end("close() was called");
    this.#stream.remove(this);
  }
  /** Begins to listen, with what the stream knows. */
  begin() {
    if (this.#stage !== "joining") return;
    const { state, newest } = this.#stream;
    this.#stage = "following";
    if (this.#stream.isTold) this.show(state);
    if (newest !== null) this.take(newest, false);
  }
  /** @param {Update} update @param {boolean} isLate */
  take(update, isLate) {
    const { delivery, onPrice } = this.wishes;
    if (this.#stage === "following" && (!isLate || delivery === "all")) tell(() => onPrice(update, { isLate }));
  }
  /** @param {State} state */
  show(state) {
    this.#state = state;
    if (this.#stage === "following") tell(() => this.wishes.onState?.(state));
  }
  /** Tells the last things. @param {string} reason @param {Refusal} [refusal] */
  end(reason, refusal) {
    if (this.#stage === "closed") return;
    this.#stage = "following";
    if (refusal !== void 0) tell(() => this.wishes.onError?.(refusal));
    this.show({ state: "closed", path: null, reason });
    this.#stage = "closed";
  }
};

// client/src/options.js
var MAX_FILL = 1e4;
var SHOWN = 500;
var MAX_SHOWN = 1e3;
function checkedStack(options) {
  const { api, region, getToken, onState, WebSocket = globalThis.WebSocket } = options ?? {};
  check(/^https?:\/\/[^\s?#]+$/.test(api), "api", "the URL RestApiUrl", api);
  check(typeof (getToken ?? check) === "function", "getToken", "a function", typeof getToken);
  checkFunctions({ onState });
  check(WebSocket !== void 0, "WebSocket", "given before Node 22. Pass that of the package ws", WebSocket);
  return { api, region: region || void 0, getToken, WebSocket };
}
function checkedWishes(token, options) {
  const { delivery = "all", onPrice, onState, onError, maxFill = MAX_FILL } = options ?? {};
  checkToken(token);
  check(typeof onPrice === "function", "onPrice", "a function", onPrice);
  checkFunctions({ onState, onError });
  check(delivery === "all" || delivery === "latest", "delivery", '"all" or "latest"', delivery);
  check(maxFill > 0, "maxFill", "above 0", maxFill);
  return { delivery, onPrice, onState, onError, maxFill, hearsStates: onState !== void 0 };
}
function checkedChart(token, options) {
  const { interval, currency = "sol", limit = SHOWN, onCandle, onState, onError } = options ?? {};
  checkToken(token);
  check(Object.hasOwn(SECONDS, interval), "interval", `one of ${Object.keys(SECONDS)}`, interval);
  check(currency === "sol" || currency === "usd", "currency", '"sol" or "usd"', currency);
  check(Number.isInteger(limit) && limit >= 1 && limit <= MAX_SHOWN, "limit", `a whole number from 1 to ${MAX_SHOWN}`, limit);
  check(typeof onCandle === "function", "onCandle", "a function", onCandle);
  checkFunctions({ onState, onError });
  return { interval, currency, limit, onCandle, onState, onError };
}
function checkToken(token) {
  check(typeof token === "string" && /^[\w-]{1,64}$/.test(token), "token", "1 to 64 of A-Z a-z 0-9 _ -", token);
}
function checkFunctions(values) {
  for (const [name, value] of Object.entries(values)) check(typeof (value ?? check) === "function", name, "a function", value);
}
function check(isRight, name, what, value) {
  if (!isRight) throw new TypeError(`glow: ${name} must be ${what}; got ${value}`);
}

// client/src/price_loop.js
var MOST = 1e3;
var DONE = { done: true, value: void 0 };
var PriceLoop = class {
  #most;
  #subscription;
  /** @type {Price[]} */
  #waiting = [];
  /** Calls of `next` that wait for a price. @type {Reader[]} */
  #readers = [];
  /** The call of `next` that is answered when there is nothing more. @type {((reader: Reader) => void) | null} */
  #end = null;
  /** @param {(callbacks: FollowOptions) => FeedSubscription} subscribe @param {"all" | "latest"} [delivery] */
  constructor(subscribe3, delivery) {
    this.#most = delivery === "latest" ? 1 : MOST;
    this.#subscription = subscribe3({
      onPrice: (update, { isLate }) => this.#take({ update, isLate, skipped: 0 }),
      onError: (error) => this.#finish(({ reject }) => reject(error)),
      onState: ({ state }) => state === "closed" && this.#finish(({ resolve }) => resolve(DONE))
    });
  }
  /** @returns {Promise<Result>} */
  next() {
    return new Promise((resolve, reject) => {
      const value = this.#waiting.shift();
      if (value !== void 0) resolve({ done: false, value });
      else if (this.#end === null) this.#readers.push({ resolve, reject });
      else this.#answer({ resolve, reject });
    });
  }
  /** @returns {Promise<Result>} */
  async return() {
    this.#waiting = [];
    this.#subscription.close();
    return DONE;
  }
  /** @param {Price} price */
  #take(price) {
    const reader = this.#readers.shift();
    if (reader !== void 0) return reader.resolve({ done: false, value: price });
    this.#waiting.push(price);
    if (this.#waiting.length <= this.#most) return;
    const { skipped } = (
      /** @type {Price} */
      this.#waiting.shift()
    );
    this.#waiting[0].skipped += skipped + 1;
  }
  /** @param {(reader: Reader) => void} end of the loop: the first end counts */
  #finish(end) {
    this.#end ??= end;
    for (const reader of this.#readers.splice(0)) this.#answer(reader);
  }
  /** Tells the end; a loop that goes on after an error is done. @param {Reader} reader */
  #answer(reader) {
    this.#end?.(reader);
    this.#end = ({ resolve }) => resolve(DONE);
  }
};

// client/src/filler.js
var NEWEST = "~";
var Filler = class {
  #token;
  #rest;
  #wishes;
  #scope;
  #taker;
  /** What is still to be read, beside what is being read. @type {Start | null} */
  #owed = null;
  isIdle = true;
  /** @param {string} token @param {Rest} rest @param {{maxFill: number}} wishes how many prices are read at most @param {Scope} scope @param {Taker} taker */
  constructor(token, rest, wishes, scope, taker) {
    this.#token = token;
    this.#rest = rest;
    this.#wishes = wishes;
    this.#scope = scope;
    this.#taker = taker;
  }
  /** Reads from `start` on. Several gaps become one: reading some trades again costs little. @param {Start} start */
  owe(start) {
    if (this.#owed === null || start < this.#owed) this.#owed = start;
    if (this.isIdle) void this.#run();
  }
  async #run() {
    const backoff = new Backoff();
    let pricesRead = 0;
    this.isIdle = false;
    while (this.#owed !== null && !this.#scope.isOver) {
      const start = this.#owed;
      this.#owed = null;
      try {
        const { prices, next } = await this.#page(start);
        this.#taker.fill(prices);
        pricesRead += prices.length;
        backoff.reset();
        const { maxFill } = this.#wishes;
        if (next !== null && pricesRead >= maxFill) this.#skip(start, `more than ${maxFill} prices were missed`);
        else if (next !== null) this.owe(next);
      } catch (error) {
        if (error instanceof Refusal) this.#skip(start, `missed prices are lost: ${error.message}`);
        else {
          this.owe(start);
          await new Promise((resolve) => this.#scope.later(backoff.nextMs(this.#scope.host.random()), () => resolve(null)));
        }
      }
    }
    this.isIdle = true;
    this.#taker.release();
  }
  /** @param {Start} start @returns {Promise<{prices: Update[], next: string | null}>} */
  async #page(start) {
    if (start === NEWEST) return { prices: await this.#rest.newest(this.#scope, this.#token), next: null };
    return this.#rest.page(this.#scope, this.#token, start);
  }
  /** Leaves out all but the newest price, or that too. @param {Start} start @param {string} reason */
  #skip(start, reason) {
    if (start !== NEWEST) this.owe(NEWEST);
    this.#taker.skip(reason);
  }
};

// client/src/memory.js
var REMEMBERED_MS = 15 * 60 * 1e3;
var REMEMBERED_IDS = 5e4;
var OVERLAP_MS = 5e3;
var Memory = class {
  #ids = /* @__PURE__ */ new Set();
  /** @type {Queue<Arrival>} */
  #arrivals = new Queue();
  /** Those that arrived at most OVERLAP_MS before the last message, without late ones. @type {Queue<Arrival>} */
  #recent = new Queue();
  /** The last one that arrived before `#recent`. @type {Arrival | null} */
  #settled = null;
  /** Path → the last id that it delivered, repeats included. @type {Map<string, string>} */
  #lastOn = /* @__PURE__ */ new Map();
  #newestPlace = "";
  /**
   * Remembers `id`. Returns whether it is new.
   * @param {string} id
   * @param {number} nowMs
   */
  admit(id, nowMs) {
    const isNew = !this.#ids.has(id);
    if (isNew) this.#remember({ id, arrivedMs: nowMs });
    while (arrivedBefore(this.#recent, nowMs - OVERLAP_MS)) this.#settled = this.#recent.shift();
    return isNew;
  }
  /** @param {Arrival} arrival */
  #remember(arrival) {
    this.#ids.add(arrival.id);
    this.#arrivals.push(arrival);
    if (this.#ids.size > REMEMBERED_IDS) this.#ids.delete(this.#arrivals.shift().id);
    if (placeOf(arrival.id) < this.#newestPlace) return;
    this.#newestPlace = placeOf(arrival.id);
    this.#recent.push(arrival);
  }
  /**
   * Forgets ids that arrived long before the one that `cursor` may return. Ids shortly before it are kept, because a gap
   * after it is read from earlier and repeats them.
   * @param {number} nowMs
   */
  forgetOld(nowMs) {
    const oldestMs = (this.#settled?.arrivedMs ?? nowMs) - REMEMBERED_MS;
    while (arrivedBefore(this.#arrivals, oldestMs)) this.#ids.delete(this.#arrivals.shift().id);
  }
  /**
   * @param {string} path
   * @param {string} id that it delivered
   */
  advance(path, id) {
    this.#lastOn.set(path, id);
  }
  /**
   * Only `path` delivers from now on, so the last ids of the other paths become too old to be their cursors.
   * @param {string | null} path null: none does
   */
  stayOn(path) {
    for (const other of this.#lastOn.keys()) if (other !== path) this.#lastOn.delete(other);
  }
  /**
   * The id after which `path` must continue; null if nothing was received yet.
   * @param {string} path
   */
  cursor(path) {
    return this.#lastOn.get(path) ?? (this.#settled ?? this.#recent.first)?.id ?? null;
  }
};
var arrivedBefore = ({ first }, timeMs) => first !== void 0 && first.arrivedMs <= timeMs;
var Queue = class {
  /** @type {T[]} */
  #items = [];
  #taken = 0;
  /** @returns {T | undefined} */
  get first() {
    return this.#items[this.#taken];
  }
  /** @param {T} item */
  push(item) {
    this.#items.push(item);
  }
  shift() {
    const item = this.#items[this.#taken++];
    if (this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }
};

// client/src/sequence.js
var HELD_UPDATES = 1e3;
var Sequence = class {
  /** @type {Update[]} */
  #held = [];
  #isHolding = false;
  /** The id of the newest price handed out. @type {string | null} */
  newestId = null;
  hold() {
    this.#isHolding = true;
  }
  /** Stops holding, and returns the held updates. */
  release() {
    this.#isHolding = false;
    return this.#handOut(this.#held.splice(0).sort(byPlace));
  }
  /** @param {Update} update that arrived live */
  add(update) {
    this.#held.push(update);
    return this.#isHolding && this.#held.length <= HELD_UPDATES ? [] : this.release();
  }
  /** @param {readonly Update[]} updates the next page of what fills a gap, in trade order */
  fill(updates) {
    const last = placeOf(updates.at(-1)?.id ?? "");
    const due = this.#held.filter(({ id }) => placeOf(id) <= last);
    this.#held = this.#held.filter(({ id }) => placeOf(id) > last);
    return this.#handOut([...updates, ...due].sort(byPlace));
  }
  /** @param {readonly Update[]} updates */
  #handOut(updates) {
    const handouts = [];
    for (const update of updates) {
      const isLate = this.newestId !== null && placeOf(update.id) < placeOf(this.newestId);
      if (!isLate) this.newestId = update.id;
      handouts.push({ update, isLate });
    }
    return handouts;
  }
};

// client/src/channel.js
var LATE_SECONDS2 = 60;
var HELD_MS = 5e3;
var Channel = class {
  #wishes;
  #scope;
  #app;
  #memory = new Memory();
  #sequence = new Sequence();
  #filler;
  #cancelRelease = () => {
  };
  /**
   * The cursor of a client that was connected and has received nothing, because the token was quiet: the time at which it had
   * asked where to connect. Everything since then must be delivered.
   * @type {string | null}
   */
  #servedFrom = null;
  /**
   * @param {string} token
   * @param {Rest} rest
   * @param {Wishes} wishes that may change
   * @param {Scope} scope
   * @param {{take: (handout: Handout) => void, skip: (reason: string) => void}} app
   */
  constructor(token, rest, wishes, scope, app) {
    this.#wishes = wishes;
    this.#scope = scope;
    this.#app = app;
    this.#filler = new Filler(token, rest, wishes, scope, this);
  }
  get delivery() {
    return this.#wishes.delivery;
  }
  get #wantsLatest() {
    return this.delivery === "latest";
  }
  /** What to ask `path` for. @param {string} path */
  wish(path) {
    return { after: this.#memory.cursor(path) ?? this.#servedFrom, delivery: this.#wantsLatest ? this.delivery : void 0 };
  }
  /** From now on `path` delivers, and alone. @param {string} path @param {string | null} askedAt when the place was asked for, as an id */
  serveFrom(path, askedAt) {
    this.#servedFrom ??= askedAt;
    this.#memory.stayOn(path);
  }
  /** @param {string} path @param {Update} update that `path` delivered */
  take(path, update) {
    this.#memory.advance(path, update.id);
    if (this.#isNew(update)) this.#handOver(this.#sequence.add(update));
    if (this.#filler.isIdle) this.#memory.forgetOld(this.#scope.host.nowMs());
  }
  /**
   * Reads what a path misses. It may name an earlier `after` than is needed: that of a trade that was hours late, or null if it
   * knows nothing of before.
   * @param {string | null} after
   */
  miss(after) {
    const { newestId } = this.#sequence;
    this.#owe(newestId !== null && newestId > (after ?? "") ? newestId : after);
  }
  /** Reads what has come since the newest price, or since a path served first; none does now. */
  poll() {
    this.#memory.stayOn(null);
    this.#owe(this.#sequence.newestId ?? this.#servedFrom);
  }
  /** @param {readonly Update[]} updates */
  fill(updates) {
    this.#handOver(this.#sequence.fill(updates.filter((update) => this.#isNew(update))));
  }
  /** @param {string} reason */
  skip(reason) {
    this.#app.skip(reason);
  }
  /** Holds live updates back no longer. */
  release() {
    this.#cancelRelease();
    this.#handOver(this.#sequence.release());
  }
  /** @param {string | null} after */
  #owe(after) {
    if (this.#filler.isIdle) {
      this.#sequence.hold();
      this.#cancelRelease = this.#scope.later(HELD_MS, () => this.release());
    }
    this.#filler.owe(after === null || this.#wantsLatest ? NEWEST : idBefore(after, LATE_SECONDS2));
  }
  /** @param {Update} update */
  #isNew({ id }) {
    return this.#memory.admit(id, this.#scope.host.nowMs());
  }
  /** @param {readonly Handout[]} handouts */
  #handOver(handouts) {
    for (const handout of handouts) this.#app.take(handout);
  }
};

// client/src/moved.js
var subscribe = { action: "subscribePrice" };
var AWS = { subscribe, ping: { action: "ping" }, pingMs: 24e4, maxAgeMs: 66e5 };
var EDGE = { subscribe, ping: { type: "ping" }, pingMs: 2e4, maxAgeMs: null };
var PROTOCOLS = { aws: { one: AWS, live: AWS }, edge: { one: { ...EDGE, subscribe: null }, live: EDGE } };
function routeOf({ path, url, liveUrl, after }) {
  const protocols = PROTOCOLS[path];
  if (protocols === void 0) return null;
  return { path, url, protocol: protocols.one, live: liveUrl === void 0 ? void 0 : { url: liveUrl, protocol: protocols.live }, after };
}

// client/src/router.js
var SETTLED_MS2 = 3e4;
var POLL_MS = 5e3;
var MOVE_PAUSE_MS = 2e3;
var TOGETHER_MS = 250;
var SERVED_MS = 2 * ANSWER_MS;
var RESTING = { name: "resting", path: null };
var NOTHING = { name: "nothing", end() {
} };
var Router = class {
  token;
  channel;
  #connections;
  #discovery;
  #listener;
  /** For what concerns this token alone: that it is moved, or cannot be served. */
  #backoff = new Backoff();
  #reach = new Reach();
  #source = NOTHING;
  #step = RESTING;
  /** The timers of the current step. The next one cancels them. */
  #stepScope;
  /** The last route that came from /connect or MOVED. @type {Route | null} */
  #route = null;
  /** When the stack last said where to connect, as an id. @type {string | null} */
  #askedAt = null;
  /** Since when no socket can be opened; null: one delivers; Infinity: that it lasts has been said. @type {number | null} */
  #outageSinceMs = null;
  /**
   * @param {string} token
   * @param {Channel} channel
   * @param {Connections} connections
   * @param {Discovery} discovery
   * @param {Listener} listener
   */
  constructor(token, channel, connections, discovery, listener) {
    this.token = token;
    this.channel = channel;
    this.#connections = connections;
    this.#discovery = discovery;
    this.#listener = listener;
    this.#stepScope = new Scope(connections.host);
    this.#stepScope.later(0, () => this.#connect(null));
  }
  /** The cursor of the last move. */
  get movedAfter() {
    return this.#route?.after ?? null;
  }
  close() {
    this.#enter(RESTING).end();
    this.#deliverFrom(NOTHING);
  }
  /** Tries at once if nothing delivers and nothing is under way. */
  wake() {
    if (this.#serving === void 0 && this.#step.name === "waiting") void this.#connect(this.#step.path);
  }
  /** Asks for prices as the channel wants them now. */
  wishAgain() {
    this.#serving?.add(this);
    this.#step.connection?.add(this);
  }
  /** @param {Connection} connection */
  onServing(connection) {
    if (connection === this.#serving) return;
    const { path } = connection.address;
    if (this.#source.name === "polling") this.channel.poll();
    this.#step = RESTING;
    this.#deliverFrom({ name: "socket", end: () => connection.leave(this), connection });
    this.#reach.noteService(path);
    this.#outageSinceMs = null;
    this.channel.serveFrom(path, this.#askedAt);
    this.#settleOn(this.#route?.recheckMs);
    this.#report();
  }
  /** The connection has ended. @param {Connection} connection @param {string} reason */
  onEnd(connection, reason) {
    this.#lose(connection, reason);
  }
  /** The connection goes on, but cannot serve this token. @param {Connection} connection @param {string} reason */
  onUnavailable(connection, reason) {
    if (this.#reach.noteFailure(connection.address.path, this.#nowMs)) this.#backoff.reset();
    this.#lose(connection, reason, this.#backoff.nextMs(this.#random()));
  }
  /** @param {Connection} connection @param {Moved} moved */
  onMoved(connection, moved) {
    const { path } = moved;
    if (this.#source.name === "socket" && connection === this.#serving) this.#source.hasSentAway = true;
    if (path === this.#step.path) return;
    const route = routeOf(moved);
    const spreadMs = moved.jitterMs * connection.spread;
    if (this.#connections.rest.region !== void 0 || route === null || !this.#connections.canOpen(route)) {
      this.#enter({ name: "waiting", path: null }).later(this.#together(spreadMs), () => this.#connect(null));
    } else {
      this.#route = route;
      if (connection === this.#serving && this.#isWellOn(path)) this.#stay(null);
      else {
        const pauseMs = Math.min(this.#backoff.nextMs(this.#random()), MOVE_PAUSE_MS);
        this.#enter({ name: "waiting", path }).later(this.#together(spreadMs + pauseMs), () => this.#open(route));
      }
    }
    this.#report(`moved to ${path}`);
  }
  /** @param {Refusal} refusal */
  onRefused(refusal) {
    this.#listener.onRefused(refusal);
  }
  get #serving() {
    return this.#source.connection;
  }
  get #nowMs() {
    return this.#connections.host.nowMs();
  }
  #random() {
    return this.#connections.host.random();
  }
  /** The delay, until the end of a short period that all tokens have in common. @param {number} delayMs */
  #together(delayMs) {
    return Math.ceil((this.#nowMs + delayMs) / TOGETHER_MS) * TOGETHER_MS - this.#nowMs;
  }
  /** Whether a connection on `path` delivers that need not be renewed. @param {string} path */
  #isWellOn(path) {
    return this.#serving !== void 0 && this.#serving.address.path === path && this.#nowMs < this.#serving.renewAtMs;
  }
  /** @param {string} path */
  #isUnreachable(path) {
    return [this.#reach, this.#connections.reach].some((reach) => reach.isUnreachable(path, this.#nowMs));
  }
  /** Leaves the current step. @param {Step} step */
  #enter(step) {
    this.#stepScope.end();
    this.#step.connection?.leave(this);
    this.#step = step;
    return this.#stepScope = new Scope(this.#connections.host);
  }
  /** @param {Source} source */
  #deliverFrom(source) {
    this.#source.end();
    this.#source = source;
  }
  /** Asks the stack where to connect, and connects. @param {string | null} path for which it is headed */
  async #connect(path) {
    const scope = this.#enter({ name: "asking", path });
    let failure = null;
    this.#report();
    try {
      const avoided = this.#connections.reach.avoided(this.#nowMs) ?? this.#reach.avoided(this.#nowMs);
      const { route: route2, askedAt } = await this.#discovery.ask(this.token, avoided);
      if (!scope.isOver) [this.#route, this.#askedAt] = [route2, askedAt];
    } catch (error) {
      failure = /** @type {Error} */
      error.message;
      if (error instanceof Refusal && !scope.isOver) return this.onRefused(error);
    }
    const route = this.#route;
    if (scope.isOver) return;
    if (route === null) return this.#retry(path, failure);
    if (this.#isWellOn(route.path)) {
      this.#stay(route.recheckMs);
      return this.#report(failure);
    }
    if (this.#source.name !== "polling" && this.#serving?.address.path !== route.path && this.#isUnreachable(route.path)) this.#startPolling();
    this.#open(route);
  }
  /** @param {Route} route */
  #open(route) {
    const { path } = route;
    const scope = this.#enter({ name: "asking", path });
    const connection = this.#connections.join(route, this);
    this.#step = { name: "opening", path, connection };
    scope.later(SERVED_MS, () => {
      connection.doubt(this.token);
      this.onUnavailable(connection, `${connection.address.url} no answer for ${this.token}`);
    });
    this.#report();
  }
  /** Stays on the connection that delivers. @param {number | null | undefined} recheckMs */
  #stay(recheckMs) {
    const source = this.#source;
    if (source.name === "socket" && source.hasSentAway) {
      source.hasSentAway = false;
      source.connection.doubt(this.token);
      source.connection.add(this);
    }
    this.#settleOn(recheckMs);
  }
  /** Stays where it is, until the connection grows old or the stack may know a better path. @param {number | null | undefined} recheckMs */
  #settleOn(recheckMs) {
    const scope = this.#enter(RESTING);
    const connect2 = () => this.#connect(null);
    const avoidedMs = Math.max(...[this.#reach, this.#connections.reach].map((reach) => reach.avoidedForMs(this.#nowMs)));
    scope.later(SETTLED_MS2, () => this.#backoff.reset());
    if (recheckMs != null) scope.later(Math.max(recheckMs * (1 + this.#random()), avoidedMs), connect2);
    const { renewAtMs = Infinity } = this.#serving ?? {};
    if (renewAtMs < Infinity) scope.later(renewAtMs - this.#nowMs, connect2);
  }
  /** @param {Connection} connection that does not serve this token any more @param {string} reason @param {number} [pauseMs] */
  #lose(connection, reason, pauseMs) {
    if (connection !== this.#serving) return this.#retry(connection.address.path, reason, pauseMs);
    this.#deliverFrom(NOTHING);
    if (this.#step.name === "resting" || this.#step.name === "waiting") this.#retry(null, reason, pauseMs);
    else this.#report(reason);
  }
  /** @param {string | null} path @param {string | null} reason @param {number} [pauseMs] */
  #retry(path, reason, pauseMs = this.#connections.pauseMs()) {
    this.#enter({ name: "waiting", path }).later(pauseMs, () => this.#connect(path));
    this.#report(reason);
    const nowMs = this.#nowMs;
    this.#outageSinceMs ??= this.#serving === void 0 ? nowMs : null;
    if (this.#outageSinceMs === null || nowMs - this.#outageSinceMs < LASTING_MS) return;
    this.#outageSinceMs = Infinity;
    this.#listener.onLasting(`${reason}`);
  }
  #startPolling() {
    const scope = new Scope(this.#connections.host);
    this.#deliverFrom({ name: "polling", end: () => scope.end() });
    const pollOn = () => {
      this.channel.poll();
      scope.later(POLL_MS, pollOn);
    };
    pollOn();
  }
  /** @param {string | null} [reason] */
  #report(reason = null) {
    const { name, path } = this.#step;
    const serving = this.#serving?.address.path;
    if (serving !== void 0) this.#listener.onState({ state: path === null || path === serving ? "live" : "moving", path: serving, reason });
    else if (this.#source !== NOTHING) this.#listener.onState({ state: "polling", path: null, reason });
    else this.#listener.onState({ state: name === "waiting" ? name : "connecting", path: name === "opening" ? path : null, reason });
  }
};

// client/src/stream.js
var Stream = class {
  token;
  /** @type {State} */
  state = { state: "connecting", path: null, reason: null };
  /** Whether that state has been told. */
  isTold = false;
  /** @type {Update | null} */
  newest = null;
  #owner;
  #scope;
  #router;
  /** @type {Wishes} */
  #wishes = { delivery: "latest", maxFill: 0 };
  /** @type {Set<Follower>} */
  #followers = /* @__PURE__ */ new Set();
  /** @param {string} token @param {Owner} owner */
  constructor(token, owner) {
    const { connections, discovery } = owner;
    this.token = token;
    this.#owner = owner;
    this.#scope = new Scope(connections.host);
    const channel = new Channel(token, connections.rest, this.#wishes, this.#scope, {
      take: (handout) => this.#take(handout),
      skip: (reason) => this.#tell({ ...this.state, reason })
    });
    this.#router = new Router(token, channel, connections, discovery, {
      onState: (state) => this.#show(state),
      onLasting: (reason) => this.#warn(reason),
      onRefused: (refusal) => this.#refuse(refusal)
    });
  }
  /** Takes one more. It is told nothing before the app has got it. @param {Follower} follower */
  add(follower) {
    const { delivery, maxFill } = follower.wishes;
    this.#followers.add(follower);
    this.#wishes.maxFill = Math.max(this.#wishes.maxFill, maxFill);
    if (delivery === "all" && this.#wishes.delivery === "latest") {
      this.#wishes.delivery = delivery;
      this.#router.wishAgain();
    }
    this.#scope.later(0, () => follower.begin());
  }
  /** @param {Follower} follower */
  remove(follower) {
    this.#followers.delete(follower);
    this.#scope.later(0, () => this.#followers.size > 0 || this.end(""));
  }
  wake() {
    this.#router.wake();
  }
  /** @param {string} reason @param {Refusal} [refusal] */
  end(reason, refusal) {
    this.#scope.end();
    this.#router.close();
    this.#owner.onEnd(this);
    for (const follower of this.#followers) follower.end(reason, refusal);
  }
  /** @param {Handout} handout */
  #take({ update, isLate }) {
    if (!isLate) this.newest = update;
    for (const follower of this.#followers) follower.take(update, isLate);
  }
  /** @param {State} state */
  #show(state) {
    if (!this.isTold || state.state !== this.state.state || state.path !== this.state.path) this.#tell(state);
  }
  /** @param {State} state */
  #tell(state) {
    this.isTold = true;
    this.state = state;
    for (const follower of this.#followers) follower.show(state);
    this.#owner.onChange();
  }
  /** @param {Refusal} refusal */
  #refuse(refusal) {
    const { message } = refusal;
    if ([...this.#followers].every(({ wishes }) => wishes.onError === void 0)) this.#warn(message);
    this.end(message, refusal);
  }
  /** Says on the console what the app has not asked to be told. @param {string} reason */
  #warn(reason) {
    if ([...this.#followers].every(({ wishes }) => !wishes.hearsStates)) this.#owner.warn(this.token, reason);
  }
};

// client/src/feed.js
var RANKS = ["live", "moving", "polling", "connecting", "waiting"];
var IDLE = { state: "idle", path: null, reason: null };
var Feed = class {
  #host;
  #rest;
  #onState;
  #scope;
  #connections;
  /** @type {import("./stream.js").Owner} */
  #owner;
  #ignoreDevice = () => {
  };
  /** By token. @type {Map<string, Stream>} */
  #streams = /* @__PURE__ */ new Map();
  /** @type {FeedState} */
  #state = IDLE;
  /** What was said on the console last, since all was well. @type {string | null} */
  #warned = null;
  /**
   * @param {FeedOptions} options
   * @param {import("./host.js").Surroundings} [surroundings]
   * @param {boolean} [isShared] whether tokens share sockets
   */
  constructor(options, surroundings = HOST, isShared = true) {
    const { api, region, getToken, WebSocket } = checkedStack(options);
    const host = this.#host = { ...surroundings, WebSocket };
    const scope = this.#scope = new Scope(host);
    const pass = getToken === void 0 ? null : new Pass(getToken, scope);
    const rest = this.#rest = new Rest(api, region, pass);
    this.#onState = options.onState;
    this.#connections = new Connections(host, rest, pass, isShared);
    this.#owner = {
      connections: this.#connections,
      discovery: new Discovery(rest, scope, isShared),
      onChange: () => this.#look(),
      onEnd: (stream) => this.#end(stream),
      warn: (token, reason) => this.#warn(token, reason)
    };
  }
  get state() {
    return this.#state;
  }
  /** @param {string} token @param {FollowOptions} options */
  subscribe(token, options) {
    return this.#follow(token, checkedWishes(token, options));
  }
  /** @param {string} token @param {WishOptions} [options] @returns {AsyncIterable<import("../glow.js").Price>} */
  prices(token, options) {
    checkedWishes(token, { ...options, onPrice() {
    } });
    return { [Symbol.asyncIterator]: () => new PriceLoop((callbacks) => this.#follow(token, { ...checkedWishes(token, { ...options, ...callbacks }), hearsStates: false }), options?.delivery) };
  }
  /** @param {string} token @param {ChartOptions} options */
  candles(token, options) {
    const wishes = checkedChart(token, options);
    const hearsStates = wishes.onState !== void 0;
    return new Chart(token, wishes, this.#rest, this.#scope.host, (callbacks) => this.#follow(token, { ...checkedWishes(token, callbacks), hearsStates }));
  }
  /** @param {string} token */
  newest(token) {
    return this.#streams.get(token)?.newest ?? null;
  }
  wake() {
    this.#connections.check();
    for (const stream of this.#streams.values()) stream.wake();
  }
  close() {
    if (this.#scope.isOver) return;
    this.#scope.end();
    for (const stream of this.#streams.values()) stream.end("close() was called");
    this.#show({ state: "closed", path: null, reason: "close() was called" });
  }
  /** @param {string} token @param {import("./options.js").Wishes} wishes */
  #follow(token, wishes) {
    if (this.#scope.isOver) throw new Error("glow: the feed is closed");
    const stream = this.#streams.get(token) ?? this.#begin(token);
    const follower = new Follower(wishes, stream);
    stream.add(follower);
    return follower;
  }
  /** @param {string} token */
  #begin(token) {
    if (this.#streams.size === 0) this.#ignoreDevice = this.#host.onWake(() => this.wake());
    const stream = new Stream(token, this.#owner);
    this.#streams.set(token, stream);
    this.#look();
    return stream;
  }
  /** @param {Stream} stream */
  #end(stream) {
    this.#streams.delete(stream.token);
    if (this.#streams.size === 0) this.#ignoreDevice();
    this.#look();
  }
  /** Looks how the tokens are now. */
  #look() {
    if (this.#scope.isOver) return;
    const [worst = IDLE, ...others] = [...this.#streams.values()].map(({ state }) => state).sort((a, b) => RANKS.indexOf(b.state) - RANKS.indexOf(a.state));
    if (worst.state === "live") this.#warned = null;
    this.#show({ ...worst, path: others.every(({ path }) => path === worst.path) ? worst.path : null });
  }
  /** Says it once for all tokens that it befalls, if nobody listens to states. @param {string} token @param {string} reason */
  #warn(token, reason) {
    if (this.#onState !== void 0 || reason === this.#warned) return;
    this.#warned = reason;
    this.#host.warn(`glow: ${token}: ${reason}`);
  }
  /** @param {FeedState} state */
  #show(state) {
    if (state.state === this.#state.state && state.path === this.#state.path) return;
    this.#state = state;
    tell(() => this.#onState?.(state));
  }
};

// client/src/subscription.js
var Subscription = class {
  #feed;
  #follower;
  /** @param {string} token @param {Options} options @param {import("./host.js").Surroundings} [surroundings] */
  constructor(token, options, surroundings = HOST) {
    this.#feed = new Feed({ ...options, onState: void 0 }, surroundings, false);
    this.#follower = this.#feed.subscribe(token, options);
  }
  get token() {
    return this.#follower.token;
  }
  get state() {
    return this.#follower.state;
  }
  get newest() {
    return this.#follower.newest;
  }
  wake() {
    this.#feed.wake();
  }
  close() {
    this.#feed.close();
  }
};

// client/src/index.js
function connect(options) {
  return new Feed(options);
}
function subscribe2(token, options) {
  return new Subscription(token, options);
}
export {
  Feed,
  Subscription,
  connect,
  subscribe2 as subscribe
};
