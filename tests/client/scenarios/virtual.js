/**
 * What the scenarios run on: a stack in virtual time. virtual.py is the same for Python; README.md says what the data mean.
 */

import { numberOf, START_SECONDS } from "./trades.js";
import { candlesOf } from "./virtual_candles.js";
import { whyNot, whyNotFor } from "./virtual_passes.js";

/** @typedef {import("../../../client/glow.js").Update} Update */
/** @typedef {import("./virtual_passes.js").Passes} Passes */
/** @typedef {import("./virtual_passes.js").Refusal} Refusal */
/** @typedef {import("./virtual_socket.js").VirtualSocket} VirtualSocket */
/** @typedef {import("./virtual_time.js").VirtualTime} VirtualTime */

/** @typedef {{token: string, after?: string | null, delivery?: string | null}} Wanted */

const SUBSCRIBE = { action: "subscribePrice" };
/** How each path is spoken. */
const PROTOCOLS = {
  edge: { subscribe: null, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null },
  aws: { subscribe: SUBSCRIBE, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 },
};

export class VirtualStack {
  // What the step `set` changes.
  home = "edge";
  /** Whether tokens are published on both paths, so that /connect can follow `avoid`. */
  dual = true;
  /** Paths on which no socket opens. @type {string[]} */
  refused = [];
  /** Paths on which no socket for one token opens, because its room is full. @type {string[]} */
  full = [];
  /** Paths whose sockets for many tokens greet, and are closed when they subscribe. @type {string[]} */
  sendsAway = [];
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
  /** What MOVED says. */
  jitterMs = 0;
  /** Whether the stack knows no feeds. */
  old = false;
  /** Tokens that the stack does not stream. @type {string[]} */
  unknown = [];
  /** Tokens that sockets for many tokens cannot serve now. @type {string[]} */
  unavailable = [];
  /** The passes that let in. null: everybody may listen. @type {Passes | null} */
  passes = null;
  /** How many seconds after its trade a row of the candles follows. */
  rowsAfter = 0;
  /** Status and body that the candles answer instead. @type {[number, unknown] | null} */
  candles = null;

  /** How long a message of a client takes. On AWS a later one may overtake it: each is an invocation of its own. */
  hearsAfterMs = () => 10;

  time;
  /** What the client did, in order. @type {string[]} */
  requests = [];
  /** @type {VirtualSocket[]} */
  sockets = [];
  /** Where tokens went that were moved. @type {Record<string, string>} */
  #homes = {};
  /** @type {import("./virtual_candles.js").Stored[]} */
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
    const stored = updates.map((update) => ({ update, storedAt: this.#second }));
    this.#stored = [...this.#stored, ...stored].sort((a, b) => (a.update.id < b.update.id ? -1 : 1));
  }

  /** @param {string} path @param {readonly Update[]} updates */
  send(path, updates) {
    this.#rings[path] = [...(this.#rings[path] ?? []), ...updates];
    for (const socket of this.open(path)) socket.sayPrices(updates);
  }

  /** @param {string} path */
  forget(path) {
    this.#rings[path] = [];
  }

  /** @param {string} token @param {string} path */
  move(token, path) {
    this.#homes[token] = path;
    const left = path === "aws" ? "edge" : "aws";
    for (const socket of this.open(left)) if (socket.served.has(token)) socket.say(this.#moved(token, path));
  }

  /** A path lets go of a token that has moved: the grace is over. @param {string} token @param {string} path */
  letGo(token, path) {
    for (const socket of this.open(path)) if (socket.served.delete(token)) socket.say(this.#moved(token, this.#homes[token]));
  }

  /** @param {string} token @param {string} path */
  #moved(token, path) {
    const { url, live } = this.#addresses(path, token);
    return { type: "MOVED", token, path, url, liveUrl: live?.url, after: null, jitterMs: this.jitterMs };
  }

  /** @param {VirtualSocket} socket @param {URLSearchParams} query */
  accept(socket, query) {
    const { path, isLive, token } = socket;
    socket.isConnecting = false;
    if (this.refused.includes(path) || (this.full.includes(path) && !isLive)) {
      this.requests.push(`refused ${path}`);
      return void socket.onclose?.({ code: 1006, reason: "" });
    }
    this.sockets.push(socket);
    socket.isOpen = true;
    socket.onopen?.({});
    const connected = { type: "connected", connectionId: "c", colo: "" };
    if (path === "aws") return;
    if (!isLive) this.#serve(socket, [{ token, after: query.get("after"), delivery: query.get("delivery") }], connected);
    else if (!this.silent.includes(path)) socket.say(connected);
  }

  /** @param {VirtualSocket} socket @param {any} message */
  hear(socket, message) {
    if (socket.isLive) this.#note(socket, message);
    if (this.silent.includes(socket.path)) return;
    if (message.action === "ping" || message.type === "ping") return socket.say({ type: "pong" });
    if (message.action === "authorize") return this.#authorize(socket, message.token);
    if (this.passes !== null && socket.pass === null) return socket.say(errorOf({ code: "UNAUTHORIZED", message: "authorize first" }));
    if (this.sendsAway.includes(socket.path)) return socket.end(4013, "this hub has too many tokens; connect again");
    if (message.action === "subscribePrice") return this.#subscribe(socket, message);
    if (message.action !== "unsubscribePrice") throw new Error(`no such message: ${JSON.stringify(message)}`);
    for (const token of tokensOf(message)) socket.served.delete(token);
    socket.say({ ...message, action: undefined, type: "UNSUBSCRIBED" });
  }

  /** Keeps what a client of many tokens says, other than pings. @param {VirtualSocket} socket @param {any} message */
  #note({ path }, { action, token, ...message }) {
    const some = (/** @type {any[]} */ list) => (list.length > 5 ? `${list.length} tokens` : list.join(", "));
    const shown = ({ token = "", after, delivery } = /** @type {Wanted} */ ({ token: "" })) =>
      [token, ...(after == null ? [] : [`after ${numberOf(after)}`]), ...(delivery == null ? [] : [delivery])].join(" ");
    if (action === "authorize") this.requests.push(`${path} authorize ${token}`);
    if (action === "subscribePrice") this.requests.push(`${path} subscribe ${some((message.subscriptions ?? [{ token, ...message }]).map(shown))}`);
    if (action === "unsubscribePrice") this.requests.push(`${path} unsubscribe ${some(message.tokens ?? [token])}`);
  }

  /** @param {VirtualSocket} socket @param {string} pass */
  #authorize(socket, pass) {
    if (this.passes === null) return socket.say({ type: "AUTHORIZED", expiresAt: null });
    const refusal = whyNot(this.passes, pass, this.#second);
    if (refusal !== null) return socket.say(errorOf(refusal));
    const { endsAt } = this.passes[pass];
    socket.pass = pass;
    socket.say({ type: "AUTHORIZED", expiresAt: START_SECONDS + endsAt });
    this.time.arrive(() => socket.pass === pass && socket.isOpen && this.#expire(socket), (endsAt - this.#second) * 1_000);
  }

  /** @param {VirtualSocket} socket */
  #expire(socket) {
    if (socket.path === "aws") socket.say(errorOf({ code: "TOKEN_EXPIRED", message: `${socket.pass} has ended` }));
    socket.end(socket.path === "aws" ? 1000 : 4001, "the pass has ended");
  }

  get #second() {
    return this.time.nowMs / 1_000;
  }

  /** @param {VirtualSocket} socket @param {any} message */
  #subscribe(socket, message) {
    /** @type {Wanted[]} */
    const wanted = (message.subscriptions ?? [message]).filter((/** @type {Wanted} */ { token }) => {
      const home = this.#homes[token] ?? socket.path;
      if (home !== socket.path) return void socket.say(this.#moved(token, home));
      const refusal = this.#whyNotServed(socket, token);
      if (refusal !== null) socket.say({ ...errorOf(refusal), token });
      return refusal === null;
    });
    const tokens = wanted.map(({ token }) => token);
    if (tokens.length > 0) this.#serve(socket, wanted, { type: "SUBSCRIBED", ...(message.subscriptions === undefined ? { token: tokens[0] } : { tokens }) });
  }

  /** @param {VirtualSocket} socket @param {string} token @returns {Refusal | null} */
  #whyNotServed({ pass, isLive }, token) {
    if (this.unknown.includes(token)) return { code: "UNKNOWN_TOKEN", message: `${token} is not streamed` };
    if (isLive && this.unavailable.includes(token)) return { code: "UNAVAILABLE", message: `${token} cannot be served now` };
    return this.passes === null || pass === null ? null : whyNotFor(this.passes, pass, token);
  }

  /** @param {VirtualSocket} socket @param {readonly Wanted[]} wanted @param {object} greeting */
  #serve(socket, wanted, greeting) {
    if (!socket.isLive) this.requests.push(...wanted.map(({ after, delivery }) => `open ${socket.path}${after == null ? "" : ` after ${numberOf(after)}`}${delivery == null ? "" : ` ${delivery}`}`));
    if (this.silent.includes(socket.path)) return;
    for (const { token, delivery = null } of wanted) socket.served.set(token, delivery);
    socket.say(this.greeting ?? greeting);
    const openings = wanted.map((one) => this.#opening(socket.path, one));
    for (const { gap } of openings) if (gap !== null) socket.say(gap);
    socket.sayPrices(openings.flatMap(({ owed }) => owed));
  }

  /** What a new subscriber is told. @param {string} path @param {Wanted} wanted */
  #opening(path, { token, after = null, delivery = null }) {
    const ring = (this.#rings[path] ?? []).filter((update) => update.token === token);
    if (after === null || delivery === "latest") return { gap: null, owed: ring.slice(-1) };
    const known = ring.findIndex(({ id }) => id === after);
    const owed = known >= 0 ? ring.slice(known + 1) : ring.filter(({ id }) => id > after);
    return { gap: known >= 0 ? null : { type: "GAP", token, after, until: owed[0]?.id ?? null }, owed };
  }

  /** What `fetch` answers. @param {string} url @param {AbortController} controller @param {string} [bearer] @returns {Promise<Response>} */
  async fetch(url, controller, bearer) {
    await new Promise((resolve, reject) => {
      controller.signal.onabort = () => reject(new Error("aborted"));
      this.time.arrive(() => (this.offline ? reject(new TypeError("fetch failed")) : resolve(null)));
    });
    const [status, body] = this.#answer(new URL(url), bearer);
    await new Promise((resolve, reject) => {
      controller.signal.onabort = () => reject(new Error("aborted"));
      this.time.arrive(() => resolve(null), this.answersAfter * 1_000);
    });
    const date = new Date(START_SECONDS * 1_000 + this.time.nowMs).toUTCString();
    return /** @type {any} */ ({ status, ok: status === 200, headers: new Headers(this.saysWhen ? { date } : {}), text: async () => (typeof body === "string" ? body : JSON.stringify(body)) });
  }

  /** @param {URL} url @param {string | undefined} bearer @returns {[number, unknown]} */
  #answer({ pathname, searchParams }, bearer) {
    const [, place, token, what] = pathname.split("/");
    const [after, until, avoid] = ["after", "until", "avoid"].map((name) => searchParams.get(name));
    const many = searchParams.get("tokens")?.split(",");
    const from = searchParams.get("from");
    const asks = { after: after && numberOf(after), until: until && numberOf(until), avoid, from: from && Number(from) - START_SECONDS };
    const own = place === "connect" || token === "T" ? [] : [token];
    const about = many === undefined ? own : [many.length > 5 ? `${many.length} tokens` : many.join(", ")];
    this.requests.push([what ?? place, ...about, ...searchParams.getAll("interval"), ...Object.entries(asks).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))].join(" "));
    const refusal = this.passes && whyNot(this.passes, bearer, this.#second);
    if (refusal) return [401, { error: refusal }];
    const forbidden = this.passes && place === "tokens" && whyNotFor(this.passes, bearer ?? "", token);
    if (forbidden) return [403, { error: forbidden }];
    if (place === "connect") return this.connect ?? this.#discover(token, many, avoid, bearer);
    const rows = this.#stored.filter(({ update }) => update.token === token);
    if (what === "candles") return this.candles ?? candlesOf(rows, searchParams, { second: this.#second, rowsAfter: this.rowsAfter });
    if (this.prices !== null) return this.prices;
    const stored = rows.map(({ update }) => update);
    if (what === "price") return stored.length > 0 ? [200, stored[stored.length - 1]] : [404, { error: { code: "NO_PRICE", message: "none yet" } }];
    const found = stored.filter(({ id }) => id > (after ?? "") && id <= (until ?? "~"));
    const prices = found.slice(0, this.page);
    return [200, { token, prices, next: found.length > prices.length ? prices[prices.length - 1].id : null }];
  }

  /** @param {string} one @param {string[] | undefined} many @param {string | null} avoid @param {string | undefined} bearer @returns {[number, unknown]} */
  #discover(one, many, avoid, bearer) {
    if (many !== undefined && this.old) return [404, { message: "Not Found" }];
    const answers = (many ?? [one]).map((token) => {
      const error = this.unknown.includes(token) ? { code: "UNKNOWN_TOKEN", message: `${token} is not streamed` } : this.passes && whyNotFor(this.passes, bearer ?? "", token);
      return error ? { token, error } : { token, error: undefined, ...this.#route(token, avoid) };
    });
    if (many !== undefined) return [200, { routes: answers }];
    const [{ token: _, ...answer }] = answers;
    return [answer.error === undefined ? 200 : answer.error.code === "UNKNOWN_TOKEN" ? 404 : 403, answer];
  }

  /** @param {string} token @param {string | null} avoid */
  #route(token, avoid) {
    const home = this.#homes[token] ?? this.home;
    const isAvoided = this.dual && avoid === home;
    const path = isAvoided ? (avoid === "aws" ? "edge" : "aws") : home;
    const { subscribe, ...protocol } = path === "aws" ? PROTOCOLS.aws : PROTOCOLS.edge;
    const own = { subscribe: subscribe && { ...subscribe, token }, ...protocol };
    return { path, ...this.#addresses(path, token), protocol: own, recheckMs: isAvoided ? 15_000 : this.recheckMs };
  }

  /** @param {string} path @param {string} token */
  #addresses(path, token) {
    const protocol = { ...(path === "aws" ? PROTOCOLS.aws : PROTOCOLS.edge), subscribe: SUBSCRIBE };
    return { url: path === "aws" ? "ws://stack/aws" : `ws://stack/${path}/${token}`, live: this.old ? undefined : { url: `ws://stack/live/${path}`, protocol } };
  }
}

/** @param {Refusal} refusal */
const errorOf = (refusal) => ({ type: "ERROR", ...refusal });

/** @param {{token: string, tokens?: string[]}} message */
const tokensOf = ({ token, tokens = [token] }) => tokens;
