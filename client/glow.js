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

// client/src/rest.js
var ANSWER_MS = 1e4;
var FINAL_CODES = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS", "UNKNOWN_PATH"];
var Refusal = class extends Error {
};
var Rest = class {
  #api;
  #token;
  /** @param {string} api @param {string} token @param {string | undefined} region */
  constructor(api, token, region) {
    this.#api = api.replace(/\/+$/, "");
    this.#token = token;
    this.region = region;
  }
  /**
   * Where to connect, and the first id of the second in which the stack said so.
   * @param {Scope} scope
   * @param {string | null} avoid a path
   * @returns {Promise<{route: Route, askedAt: string | null}>}
   */
  async route(scope, avoid) {
    const [route, date] = await this.#get(scope, `/connect/${this.#token}`, { region: this.region, avoid });
    if (route.protocol === void 0) throw new Error(`${this.#api}/connect answers no route`);
    return { route, askedAt: date && firstIdOf(Date.parse(date) / 1e3) };
  }
  /** The newest price alone, or nothing if there is none yet. @param {Scope} scope @returns {Promise<Update[]>} */
  async newest(scope) {
    return (await this.#get(scope, `/tokens/${this.#token}/price`)).slice(0, 1);
  }
  /**
   * A page of the prices with ids above `after`, ascending.
   * @param {Scope} scope
   * @param {string} after
   * @returns {Promise<{prices: Update[], next: string | null}>}
   */
  async page(scope, after) {
    return (await this.#get(scope, `/tokens/${this.#token}/prices`, { after }))[0];
  }
  /**
   * @param {Scope} scope
   * @param {string} path
   * @param {Record<string, string | null | undefined>} [query]
   * @returns {Promise<any[]>} the body and the header Date; nothing if there is no price yet
   */
  async #get(scope, path, query = {}) {
    const url = this.#api + path + queryOf(query);
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = scope.later(ANSWER_MS, abort, abort);
    try {
      const response = await scope.host.fetch(url, controller);
      const text = await response.text();
      if (response.ok) return [JSON.parse(text), response.headers.get("date")];
      const { code, message } = errorIn(text);
      if (code === "NO_PRICE") return [];
      if (response.status < 500 && FINAL_CODES.includes(code)) throw new Refusal(message);
      throw new Error(`HTTP status ${response.status} ${text.slice(0, 200)}`);
    } catch (error) {
      throw error instanceof Refusal ? error : new Error(`${url}: ${/** @type {Error} */
      error.message}`);
    } finally {
      cancel();
    }
  }
};
function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}
function queryOf(fields) {
  const parts = Object.entries(fields).map(([name, value]) => value == null ? "" : `&${name}=${encodeURIComponent(value)}`);
  return parts.join("").replace("&", "?");
}

// client/src/filler.js
var NEWEST = "~";
var Filler = class {
  #rest;
  #maxPrices;
  #scope;
  #taker;
  /** What is still to be read, beside what is being read. @type {Start | null} */
  #owed = null;
  isIdle = true;
  /** @param {Rest} rest @param {number} maxPrices that are read at most @param {Scope} scope @param {Taker} taker */
  constructor(rest, maxPrices, scope, taker) {
    this.#rest = rest;
    this.#maxPrices = maxPrices;
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
        if (next !== null && pricesRead >= this.#maxPrices) this.#skip(start, `more than ${this.#maxPrices} prices were missed`);
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
    if (start === NEWEST) return { prices: await this.#rest.newest(this.#scope), next: null };
    return this.#rest.page(this.#scope, start);
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
  #risesOnly;
  /** @type {Update[]} */
  #held = [];
  #isHolding = false;
  /** The id of the newest price handed out. @type {string | null} */
  newestId = null;
  /** @param {boolean} risesOnly drops every update that is not newer than all before it (delivery "latest") */
  constructor(risesOnly) {
    this.#risesOnly = risesOnly;
  }
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
      if (!isLate || !this.#risesOnly) handouts.push({ update, isLate });
    }
    return handouts;
  }
};

// client/src/channel.js
var LATE_SECONDS = 60;
var HELD_MS = 5e3;
var Channel = class {
  #wantsLatest;
  #scope;
  #app;
  #memory = new Memory();
  #sequence;
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
   * @param {Rest} rest
   * @param {{wantsLatest: boolean, maxFill: number}} wishes
   * @param {Scope} scope
   * @param {{take: (handout: Handout) => void, skip: (reason: string) => void}} app
   */
  constructor(rest, { wantsLatest, maxFill }, scope, app) {
    this.#wantsLatest = wantsLatest;
    this.#scope = scope;
    this.#app = app;
    this.#sequence = new Sequence(wantsLatest);
    this.#filler = new Filler(rest, maxFill, scope, this);
  }
  /** What to ask `path` for. @param {string} path */
  wish(path) {
    return { after: this.#memory.cursor(path) ?? this.#servedFrom, delivery: this.#wantsLatest ? "latest" : void 0 };
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
  /** Reads what has come since the newest price; no path delivers. */
  poll() {
    this.#memory.stayOn(null);
    this.#owe(this.#sequence.newestId);
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
    this.#filler.owe(after === null || this.#wantsLatest ? NEWEST : idBefore(after, LATE_SECONDS));
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

// client/src/host.js
var WAKING_EVENTS = ["online", "offline", "visibilitychange"];
var HOST = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  setTimer(act, delayMs) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
  fetch: (url, controller) => fetch(url, controller),
  // reads its `signal`
  onWake(act) {
    const controller = new AbortController();
    for (const event of WAKING_EVENTS) globalThis.addEventListener?.(event, act, controller);
    return () => controller.abort();
  },
  warn: (text) => console.error(text)
};

// client/src/options.js
var MAX_FILL = 1e4;
function checked(token, options) {
  const { api, region, delivery = "all", onPrice, onState, maxFill = MAX_FILL, WebSocket = globalThis.WebSocket } = options ?? {};
  check(typeof token === "string" && /^[\w-]{1,64}$/.test(token), "token", "1 to 64 of A-Z a-z 0-9 _ -", token);
  check(/^https?:\/\/[^\s?#]+$/.test(api), "api", "the URL RestApiUrl", api);
  check(typeof onPrice === "function", "onPrice", "a function", onPrice);
  check(typeof (onState ?? check) === "function", "onState", "a function", onState);
  check(delivery === "all" || delivery === "latest", "delivery", '"all" or "latest"', delivery);
  check(maxFill > 0, "maxFill", "above 0", maxFill);
  check(WebSocket !== void 0, "WebSocket", "given before Node 22. Pass that of the package ws", WebSocket);
  return { token, api, region: region || void 0, wantsLatest: delivery === "latest", onPrice, onState, maxFill, WebSocket };
}
function check(isRight, name, what, value) {
  if (!isRight) throw new TypeError(`glow: ${name} must be ${what}; got ${value}`);
}

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

// client/src/connection.js
var CLOSED_BY_POLICY = 1008;
var SILENT = `no answer for ${ANSWER_MS} ms`;
var GREETINGS = ["connected", "SUBSCRIBED"];
var Connection = class {
  scope;
  #serves = false;
  #channels;
  #listener;
  #pulse;
  /** @type {Socket | null} */
  #socket = null;
  /**
   * @param {Route} route
   * @param {ReadonlyMap<string, Channel>} channels by token
   * @param {Host} host
   * @param {Listener} listener
   */
  constructor(route, channels, host, listener) {
    const { url, protocol } = this.route = route;
    this.#channels = channels;
    this.#listener = listener;
    this.scope = new Scope(host);
    this.#pulse = new Pulse(this.scope, () => this.#say(protocol.ping), () => this.#fail(SILENT));
    this.scope.later(ANSWER_MS, () => this.#serves || this.#fail(SILENT));
    const { subscribe: subscribe2 } = protocol;
    try {
      const [[, first]] = channels;
      const asked = subscribe2 === null ? url + queryOf(this.#wishOf(first)) : url;
      const socket = this.#socket = new host.WebSocket(asked);
      socket.onopen = () => {
        if (subscribe2 === null || this.scope.isOver) return;
        for (const [token, channel] of channels) this.#say({ ...subscribe2, token, ...this.#wishOf(channel) });
      };
      socket.onmessage = ({ data }) => this.#receive(data);
      socket.onclose = ({ code, reason }) => code === CLOSED_BY_POLICY ? this.#refuse(reason) : this.#fail(`ended: ${code} ${reason}`);
      socket.onerror = () => {
      };
    } catch (error) {
      this.scope.later(0, () => this.#fail(String(error)));
    }
  }
  close() {
    this.scope.end();
    this.#socket?.close(1e3);
  }
  /** Asks for a sign of life now: the network may be another one. */
  check() {
    this.#pulse.check();
  }
  /** What each token wants; the cursor of a move is for a client that has none. @param {Channel} channel */
  #wishOf(channel) {
    const { after, delivery } = channel.wish(this.route.path);
    return { after: after ?? this.route.after ?? void 0, delivery };
  }
  /** @param {string} reason */
  #fail(reason) {
    if (this.scope.isOver) return;
    this.close();
    this.#listener.onEnd(this, `${this.route.url} ${reason}`);
  }
  /** @param {string} reason */
  #refuse(reason) {
    if (!this.scope.isOver) this.#listener.onRefused(reason);
  }
  /** @param {string} text */
  #receive(text) {
    if (this.scope.isOver) return;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.#fail("sent no JSON");
    }
    this.#pulse.hear();
    if (!this.#serves && GREETINGS.includes(message.type)) this.#beginServing();
    this.#handle(message);
  }
  #beginServing() {
    this.#serves = true;
    this.#pulse.beatEvery(this.route.protocol.pingMs);
    this.#listener.onServing(this);
  }
  /** @param {Message} message */
  #handle(message) {
    switch (message.type) {
      case "PRICE_UPDATE":
        return this.#pass([
          /** @type {any} */
          message
        ]);
      case "PRICE_BATCH":
        return this.#pass(message.updates ?? []);
      case "GAP":
        for (const channel of this.#channelsOf(message)) channel.miss(message.after ?? null);
        return;
      case "MOVED":
        return this.#listener.onMoved(
          this,
          /** @type {any} */
          message
        );
      case "ERROR":
        if (FINAL_CODES.includes(message.code ?? "")) this.#refuse(message.message ?? "");
        else this.#fail(`says ${message.code}: ${message.message}`);
    }
  }
  /** @param {readonly Update[]} updates of any tokens */
  #pass(updates) {
    for (const update of updates) this.#channels.get(update.token)?.take(this.route.path, update);
  }
  /** Those of the token that a message names; all of them, if it names none. @param {Message} message */
  #channelsOf({ token }) {
    return [...this.#channels].filter(([own]) => token === void 0 || own === token).map(([, channel]) => channel);
  }
  /** @param {object} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
};

// client/src/router.js
var SETTLED_MS = 3e4;
var POLL_MS = 5e3;
var MOVE_PAUSE_MS = 2e3;
var RENEWAL_JITTER = 0.1;
var PROTOCOLS = {
  aws: { subscribe: { action: "subscribePrice" }, ping: { action: "ping" }, pingMs: 24e4, maxAgeMs: 66e5 },
  edge: { subscribe: null, ping: { type: "ping" }, pingMs: 2e4, maxAgeMs: null }
};
var RESTING = { name: "resting", path: null };
var NOTHING = { name: "nothing", end() {
} };
var Router = class {
  #channels;
  #rest;
  #host;
  #listener;
  #backoff = new Backoff();
  #reach = new Reach();
  #source = NOTHING;
  #step = RESTING;
  /** The timers and requests of the current step. The next one cancels them. */
  #stepScope;
  /** The last route that came from /connect or MOVED. @type {Route | null} */
  #route = null;
  /** When the stack last said where to connect, as an id. @type {string | null} */
  #askedAt = null;
  /** Since when no socket can be opened; null: one delivers; Infinity: that it lasts has been said. @type {number | null} */
  #outageSinceMs = null;
  /**
   * @param {ReadonlyMap<string, Channel>} channels by token
   * @param {Rest} rest
   * @param {Host} host
   * @param {Listener} listener
   */
  constructor(channels, rest, host, listener) {
    this.#channels = channels;
    this.#rest = rest;
    this.#host = host;
    this.#listener = listener;
    this.#stepScope = new Scope(host);
    this.#stepScope.later(0, () => this.#connect(null));
  }
  close() {
    this.#enter(RESTING).end();
    this.#deliverFrom(NOTHING);
  }
  /** Looks whether the connection lives, and tries at once if there is none. */
  wake() {
    if (this.#serving !== void 0) this.#serving.check();
    else if (this.#step.name === "waiting") void this.#connect(this.#step.path);
  }
  /** @param {Connection} connection */
  onServing(connection) {
    const { route } = connection;
    if (this.#source.name === "polling") this.#poll();
    this.#step = RESTING;
    this.#deliverFrom({
      name: "socket",
      end: () => connection.close(),
      connection,
      renewAtMs: this.#host.nowMs() + (route.protocol.maxAgeMs ?? Infinity) * (1 - RENEWAL_JITTER * this.#host.random())
    });
    this.#reach.noteService(route.path);
    this.#outageSinceMs = null;
    connection.scope.later(SETTLED_MS, () => this.#backoff.reset());
    for (const channel of this.#channels.values()) channel.serveFrom(route.path, this.#askedAt);
    this.#settleOn(route);
    this.#report();
  }
  /** @param {Connection} connection @param {string} reason */
  onEnd(connection, reason) {
    if (connection !== this.#serving) {
      const { path } = connection.route;
      if (this.#reach.noteFailure(path, this.#host.nowMs())) this.#backoff.reset();
      return this.#retry(path, reason);
    }
    this.#deliverFrom(NOTHING);
    if (this.#step.name === "resting" || this.#step.name === "waiting") this.#retry(null, reason);
    else this.#report(reason);
  }
  /** @param {Connection} connection @param {{path: string, url: string, after: string | null, jitterMs: number}} moved */
  onMoved(connection, { path, url, after, jitterMs }) {
    if (path === this.#step.path) return;
    const protocol = PROTOCOLS[path];
    const spreadMs = jitterMs * this.#host.random();
    if (this.#rest.region !== void 0 || protocol === void 0) {
      this.#enter({ name: "waiting", path: null }).later(spreadMs, () => this.#connect(null));
    } else {
      const route = this.#route = { path, url, protocol, after };
      if (connection === this.#serving && this.#isWellOn(path)) this.#settleOn(route);
      else {
        const pauseMs = Math.min(this.#backoff.nextMs(this.#host.random()), MOVE_PAUSE_MS);
        this.#enter({ name: "waiting", path }).later(spreadMs + pauseMs, () => this.#open(route));
      }
    }
    this.#report(`moved to ${path}`);
  }
  /** @param {string} reason */
  onRefused(reason) {
    this.#listener.onRefused(reason);
  }
  get #serving() {
    return this.#source.connection;
  }
  /** Whether a connection on `path` delivers that need not be renewed. @param {string} path */
  #isWellOn(path) {
    return this.#source.name === "socket" && this.#source.connection.route.path === path && this.#host.nowMs() < this.#source.renewAtMs;
  }
  /** Leaves the current step. @param {Step} step */
  #enter(step) {
    this.#stepScope.end();
    this.#step.connection?.close();
    this.#step = step;
    return this.#stepScope = new Scope(this.#host);
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
      const { route: route2, askedAt } = await this.#rest.route(scope, this.#reach.avoided(this.#host.nowMs()));
      if (!scope.isOver) [this.#route, this.#askedAt] = [route2, askedAt];
    } catch (error) {
      failure = /** @type {Error} */
      error.message;
      if (error instanceof Refusal && !scope.isOver) return this.onRefused(failure);
    }
    const route = this.#route;
    if (scope.isOver) return;
    if (route === null) return this.#retry(path, failure);
    if (this.#isWellOn(route.path)) {
      this.#settleOn(route);
      return this.#report(failure);
    }
    if (this.#source === NOTHING && this.#reach.isUnreachable(route.path, this.#host.nowMs())) this.#startPolling();
    this.#open(route);
  }
  /** @param {Route} route */
  #open(route) {
    const connection = new Connection(route, this.#channels, this.#host, this);
    this.#enter({ name: "opening", path: route.path, connection });
    this.#report();
  }
  /** Stays where it is, until the connection grows old or the stack may know a better path. @param {Route} route */
  #settleOn({ recheckMs }) {
    const scope = this.#enter(RESTING);
    const connect = () => this.#connect(null);
    const avoidedMs = this.#reach.avoidedForMs(this.#host.nowMs());
    if (recheckMs != null) scope.later(Math.max(recheckMs * (1 + this.#host.random()), avoidedMs), connect);
    if (this.#source.name === "socket" && this.#source.renewAtMs < Infinity) scope.later(this.#source.renewAtMs - this.#host.nowMs(), connect);
  }
  /** @param {string | null} path @param {string | null} reason */
  #retry(path, reason) {
    this.#enter({ name: "waiting", path }).later(this.#backoff.nextMs(this.#host.random()), () => this.#connect(path));
    this.#report(reason);
    const nowMs = this.#host.nowMs();
    this.#outageSinceMs ??= this.#serving === void 0 ? nowMs : null;
    if (this.#outageSinceMs === null || nowMs - this.#outageSinceMs < LASTING_MS) return;
    this.#outageSinceMs = Infinity;
    this.#listener.onLasting(`${reason}`);
  }
  #startPolling() {
    const scope = new Scope(this.#host);
    this.#source = { name: "polling", end: () => scope.end() };
    const pollOn = () => {
      this.#poll();
      scope.later(POLL_MS, pollOn);
    };
    pollOn();
  }
  #poll() {
    for (const channel of this.#channels.values()) channel.poll();
  }
  /** @param {string | null} [reason] */
  #report(reason = null) {
    const { name, path } = this.#step;
    const serving = this.#serving?.route.path;
    if (serving !== void 0) this.#listener.onState({ state: path === null || path === serving ? "live" : "moving", path: serving, reason });
    else if (this.#source !== NOTHING) this.#listener.onState({ state: "polling", path: null, reason });
    else this.#listener.onState({ state: name === "waiting" ? name : "connecting", path: name === "opening" ? path : null, reason });
  }
};

// client/src/subscription.js
var Subscription = class {
  #options;
  #scope;
  #router;
  #ignoreDevice;
  /** The state that the app was told last. @type {State | null} */
  #state = null;
  /** @param {string} token @param {Options} options @param {import("./host.js").Surroundings} [surroundings] */
  constructor(token, options, surroundings = HOST) {
    const { api, region, WebSocket, onPrice, ...wishes } = this.#options = checked(token, options);
    const host = { ...surroundings, WebSocket };
    this.#scope = new Scope(host);
    const rest = new Rest(api, token, region);
    const channel = new Channel(rest, wishes, this.#scope, {
      take: ({ update, isLate }) => this.#call(() => onPrice(update, { isLate })),
      skip: (reason) => this.#tell({ .../** @type {State} */
      this.#state, reason })
    });
    this.#router = new Router(/* @__PURE__ */ new Map([[token, channel]]), rest, host, {
      onState: (state) => this.#show(state),
      onLasting: (reason) => this.#warn(reason),
      onRefused: (reason) => {
        this.#warn(reason);
        this.#end(reason);
      }
    });
    this.#ignoreDevice = host.onWake(() => this.wake());
  }
  wake() {
    this.#router.wake();
  }
  close() {
    this.#end("close() was called");
  }
  /** @param {string} reason */
  #end(reason) {
    if (this.#scope.isOver) return;
    this.#show({ state: "closed", path: null, reason });
    this.#scope.end();
    this.#router.close();
    this.#ignoreDevice();
  }
  /** @param {State} state */
  #show(state) {
    if (state.state !== this.#state?.state || state.path !== this.#state.path) this.#tell(state);
  }
  /** @param {State} state */
  #tell(state) {
    this.#state = state;
    this.#call(() => this.#options.onState?.(state));
  }
  /** Says on the console what lasts, if the app has not asked to be told. @param {string} reason */
  #warn(reason) {
    if (this.#options.onState === void 0) this.#scope.host.warn(`glow: ${this.#options.token}: ${reason}`);
  }
  /**
   * Calls the app. If it throws, the error goes to the global handler, and the subscription goes on.
   * @param {() => void} callback
   */
  #call(callback) {
    if (this.#scope.isOver) return;
    try {
      callback();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
};

// client/src/index.js
function subscribe(token, options) {
  return new Subscription(token, options);
}
export {
  Subscription,
  subscribe
};
