/**
 * What the scenarios run on: virtual time, and a stack in it. Nothing waits for real. virtual.py is the same for
 * Python; README.md says what the data mean.
 */

/** @typedef {import("../../../client/glow.js").Update} Update */
/** @typedef {import("../../../client/src/host.js").Surroundings} Surroundings */
/** @typedef {{dueMs: number, order: number, depth: number, act: () => void}} Timer */

const START_SECONDS = 1_700_000_000;
const TRAVEL_MS = 10;
const MINUTE_MS = 60_000;
const CHAINED = 5;
/** How each path is spoken. */
const PROTOCOLS = {
  edge: { subscribe: null, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null },
  aws: { subscribe: { action: "subscribePrice" }, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 },
};

/** @param {string} token @param {number} n @returns {Update} */
export function trade(token, n) {
  const timestamp = START_SECONDS + n;
  const txSignature = `s${String(n).padStart(15, "0")}`;
  return { type: "PRICE_UPDATE", token, price: 1 + n / 1000, timestamp, slot: n, txSignature, id: `${timestamp}-${String(n).padStart(12, "0")}-${txSignature}` };
}

/** The number of a trade, or of the second with which an id begins. @param {string} id */
export const numberOf = (id) => Number(id.slice(0, 10)) - START_SECONDS;

/** Runs what is due, in order, and jumps from one moment to the next. */
export class VirtualTime {
  nowMs = 0;
  /** A hidden tab: chained timers fire on the full minute (Chrome, "intensive throttling"). */
  isHidden = false;
  /** @type {Set<Timer>} */
  #timers = new Set();
  #order = 0;
  #depth = 0;

  /** A timer of the page. @param {() => void} act @param {number} delayMs */
  setTimer(act, delayMs) {
    const depth = this.#depth + 1;
    const dueMs = this.nowMs + delayMs;
    return this.#add({ dueMs: this.isHidden && depth > CHAINED ? Math.ceil(dueMs / MINUTE_MS) * MINUTE_MS : dueMs, depth, act });
  }

  /** Something that comes over the network. @param {() => void} act @param {number} [delayMs] */
  arrive(act, delayMs = TRAVEL_MS) {
    this.#add({ dueMs: this.nowMs + delayMs, depth: 0, act });
  }

  /** @param {Omit<Timer, "order">} timer */
  #add(timer) {
    const added = { ...timer, order: this.#order++ };
    this.#timers.add(added);
    return () => void this.#timers.delete(added);
  }

  /** @param {number} untilMs */
  async run(untilMs) {
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      this.#depth = next.depth;
      next.act();
      await new Promise((resolve) => setImmediate(resolve)); // promises that this settled
      this.#depth = 0;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** The device sleeps: timers that were due meanwhile are late, and come before what the network has brought. @param {number} seconds */
  sleep(seconds) {
    this.nowMs += seconds * 1_000;
    for (const timer of this.#timers) if (timer.depth === 0) timer.dueMs += seconds * 1_000;
  }
}

/** A socket, with the client's end outside and the server's in `said` and `hears`. */
class VirtualSocket {
  /** @type {any} */ onopen;
  /** @type {any} */ onmessage;
  /** @type {any} */ onclose;
  /** @type {any} */ onerror;
  isOpen = false;
  /** Half-open: neither end hears the other. */
  isCut = false;
  isServed = false;
  wantsLatest = false;

  /** @param {VirtualStack} stack @param {string} url */
  constructor(stack, url) {
    const { pathname, searchParams } = new URL(url);
    const [, path, token = ""] = pathname.split("/");
    this.stack = stack;
    this.path = path;
    this.token = token;
    stack.time.arrive(() => stack.accept(this, searchParams));
  }

  /** @param {string} text */
  send(text) {
    this.stack.time.arrive(() => this.isOpen && !this.isCut && this.stack.hear(this, JSON.parse(text)));
  }

  close() {
    this.isOpen = false;
    this.onclose = this.onmessage = null;
  }

  /** @param {object} message */
  say(message) {
    if (!this.isCut) this.stack.time.arrive(() => this.onmessage?.({ data: JSON.stringify(message) }));
  }

  /** @param {number} code @param {string} reason */
  end(code, reason) {
    this.isOpen = false;
    this.stack.time.arrive(() => this.onclose?.({ code, reason }));
  }
}

export class VirtualStack {
  // What the step `set` changes.
  home = "edge";
  /** Whether tokens are published on both paths, so that /connect can follow `avoid`. */
  dual = true;
  /** Paths on which no socket opens. @type {string[]} */
  refused = [];
  /** Paths that accept a socket and say nothing. @type {string[]} */
  silent = [];
  /** Status and body that /connect answers instead. @type {[number, unknown] | null} */
  connect = null;
  /** Status and body that the price endpoints answer instead. @type {[number, unknown] | null} */
  prices = null;
  /** No HTTP request gets anywhere. */
  offline = false;
  page = 1_000;
  /** What sockets are greeted with instead. @type {object | null} */
  greeting = null;
  /** How long an answer to a request is on its way, in seconds. */
  answersAfter = 0.01;
  /** Whether answers have a header Date. */
  saysWhen = true;
  /** @type {number | null} */
  recheckMs = null;

  time;
  /** What the client did, in order. @type {string[]} */
  requests = [];
  /** @type {VirtualSocket[]} */
  sockets = [];
  /** @type {Update[]} */
  #stored = [];
  /** What each path can replay. @type {Record<string, Update[]>} */
  #rings = {};

  /** @param {VirtualTime} time */
  constructor(time) {
    this.time = time;
  }

  /** @param {string} path */
  open(path) {
    return this.sockets.filter((socket) => socket.isOpen && socket.path === path);
  }

  /** @param {readonly Update[]} updates */
  store(updates) {
    this.#stored = [...this.#stored, ...updates].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @param {string} path @param {readonly Update[]} updates */
  send(path, updates) {
    this.#rings[path] = [...(this.#rings[path] ?? []), ...updates];
    for (const socket of this.open(path).filter(({ isServed }) => isServed)) this.#sendTo(socket, updates);
  }

  /** @param {string} path */
  forget(path) {
    this.#rings[path] = [];
  }

  /** @param {string} path */
  move(path) {
    this.home = path;
    const left = path === "aws" ? "edge" : "aws";
    for (const socket of this.open(left)) socket.say({ type: "MOVED", token: socket.token, path, url: this.#url(path, socket.token), after: null, jitterMs: 0 });
  }

  /** @param {VirtualSocket} socket @param {URLSearchParams} query */
  accept(socket, query) {
    if (this.refused.includes(socket.path)) {
      this.requests.push(`refused ${socket.path}`);
      return void socket.onclose?.({ code: 1006, reason: "" });
    }
    this.sockets.push(socket);
    socket.isOpen = true;
    socket.onopen?.({});
    if (socket.path !== "aws") this.#serve(socket, { type: "connected", connectionId: "c", colo: "" }, query.get("after"), query.get("delivery"));
  }

  /** @param {VirtualSocket} socket @param {any} message */
  hear(socket, { action, type, token, after, delivery }) {
    if (this.silent.includes(socket.path)) return;
    if (action === "subscribePrice") {
      socket.token = token;
      this.#serve(socket, { type: "SUBSCRIBED", token }, after ?? null, delivery ?? null);
    } else if (action === "ping" || type === "ping") socket.say({ type: "pong" });
  }

  /** @param {VirtualSocket} socket @param {object} greeting @param {string | null} after @param {string | null} delivery */
  #serve(socket, greeting, after, delivery) {
    this.requests.push(`open ${socket.path}${after === null ? "" : ` after ${numberOf(after)}`}${delivery === null ? "" : ` ${delivery}`}`);
    if (this.silent.includes(socket.path)) return;
    Object.assign(socket, { isServed: true, wantsLatest: delivery === "latest" });
    socket.say(this.greeting ?? greeting);
    const ring = (this.#rings[socket.path] ?? []).filter(({ token }) => token === socket.token);
    const known = ring.findIndex(({ id }) => id === after);
    if (after === null || socket.wantsLatest) return this.#sendTo(socket, ring.slice(-1));
    const owed = known >= 0 ? ring.slice(known + 1) : ring.filter(({ id }) => id > after);
    if (known < 0) socket.say({ type: "GAP", token: socket.token, after, until: owed[0]?.id ?? null });
    this.#sendTo(socket, owed);
  }

  /** @param {VirtualSocket} socket @param {readonly Update[]} updates */
  #sendTo(socket, updates) {
    const own = updates.filter(({ token }) => token === socket.token);
    const wanted = socket.wantsLatest ? own.slice(-1) : own;
    if (wanted.length === 1) socket.say(wanted[0]);
    if (wanted.length > 1) socket.say({ type: "PRICE_BATCH", updates: wanted });
  }

  /** What `fetch` answers. @param {string} url @param {AbortController} controller @returns {Promise<Response>} */
  async fetch(url, controller) {
    await new Promise((resolve, reject) => {
      controller.signal.onabort = () => reject(new Error("aborted"));
      this.time.arrive(() => (this.offline ? reject(new TypeError("fetch failed")) : resolve(null)));
    });
    const [status, body] = this.#answer(new URL(url));
    await new Promise((resolve, reject) => {
      controller.signal.onabort = () => reject(new Error("aborted"));
      this.time.arrive(() => resolve(null), this.answersAfter * 1_000);
    });
    const date = new Date(START_SECONDS * 1_000 + this.time.nowMs).toUTCString();
    return /** @type {any} */ ({ status, ok: status === 200, headers: new Headers(this.saysWhen ? { date } : {}), text: async () => (typeof body === "string" ? body : JSON.stringify(body)) });
  }

  /** @param {URL} url @returns {[number, unknown]} */
  #answer({ pathname, searchParams }) {
    const [, place, token, what] = pathname.split("/");
    const [after, until, avoid] = ["after", "until", "avoid"].map((name) => searchParams.get(name));
    const asks = { after: after && numberOf(after), until: until && numberOf(until), avoid };
    this.requests.push([what ?? place, ...Object.entries(asks).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))].join(" "));
    if (place === "connect") return this.connect ?? [200, this.#route(token, avoid)];
    if (this.prices !== null) return this.prices;
    const stored = this.#stored.filter((update) => update.token === token);
    if (what === "price") return stored.length > 0 ? [200, stored[stored.length - 1]] : [404, { error: { code: "NO_PRICE", message: "none yet" } }];
    const found = stored.filter(({ id }) => id > (after ?? "") && id <= (until ?? "~"));
    const prices = found.slice(0, this.page);
    return [200, { token, prices, next: found.length > prices.length ? prices[prices.length - 1].id : null }];
  }

  /** @param {string} token @param {string | null} avoid */
  #route(token, avoid) {
    const isAvoided = this.dual && avoid === this.home;
    const path = isAvoided ? (avoid === "aws" ? "edge" : "aws") : this.home;
    const { subscribe, ...protocol } = path === "aws" ? PROTOCOLS.aws : PROTOCOLS.edge;
    return { path, url: this.#url(path, token), protocol: { subscribe: subscribe && { ...subscribe, token }, ...protocol }, recheckMs: isAvoided ? 15_000 : this.recheckMs };
  }

  /** @param {string} path @param {string} token */
  #url(path, token) {
    return path === "aws" ? "ws://stack/aws" : `ws://stack/${path}/${token}`;
  }
}

/** A host in the stack's time. @param {VirtualStack} stack @param {number} random */
export class VirtualHost {
  /** What was said on the console. @type {string[]} */
  warnings = [];
  /** What to call when the device wakes. @type {Set<() => void>} */
  waking = new Set();

  /** @param {VirtualStack} stack @param {number} random */
  constructor(stack, random) {
    this.stack = stack;
    this.random = () => random;
    this.WebSocket = class extends VirtualSocket {
      /** @param {string} url */
      constructor(url) {
        super(stack, url);
      }
    };
  }

  /** @returns {Surroundings} */
  get host() {
    const { stack, random, waking } = this;
    return {
      nowMs: () => stack.time.nowMs,
      random,
      setTimer: (act, delayMs) => stack.time.setTimer(act, delayMs),
      fetch: (url, controller) => stack.fetch(url, controller),
      onWake(act) {
        waking.add(act);
        return () => void waking.delete(act);
      },
      warn: (text) => void this.warnings.push(text),
    };
  }
}
