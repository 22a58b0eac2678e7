/** A fake stack: /connect, prices by REST and the sockets of both paths, on a free port of 127.0.0.1. */

import http from "node:http";

import { WebSocketServer } from "ws";

import { STARTED_MS, TOKEN, trade, until } from "./support.js";

/** @typedef {import("../../client/glow.js").Update} Update */
/** @typedef {"aws" | "edge"} Path */
/** @typedef {{token: string, after?: string | null, delivery?: string | null}} Wanted */

const PING = { aws: { action: "ping" }, edge: { type: "ping" } };
const LONG_MS = 600_000;
const HEADERS = { "content-type": "application/json", "access-control-allow-origin": "*", "access-control-expose-headers": "date" };

/** @param {Path} path @returns {Path} */
const otherThan = (path) => (path === "aws" ? "edge" : "aws");

/** A client's socket as the server sees it. */
export class Peer {
  /** By token, the delivery. @type {Map<string, string | null>} */
  served = new Map();
  isOpen = true;
  pings = 0;
  /** The cursor that it came with last. @type {string | null} */
  after = null;
  /** What a client of many tokens said, other than pings. @type {any[]} */
  commands = [];
  /** The other sockets that were open when this one was accepted. @type {Peer[]} */
  beside = [];

  /** @param {import("ws").WebSocket} socket @param {Path} path */
  constructor(socket, path) {
    this.socket = socket;
    this.path = path;
    socket.on("close", () => (this.isOpen = false));
  }

  get isServed() {
    return this.served.size > 0;
  }

  /** @param {object} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Says those of its tokens. @param {readonly Update[]} updates */
  sayPrices(updates) {
    const wanted = updates.filter(({ token, id }) => this.served.has(token) && (this.served.get(token) !== "latest" || updates.findLast((update) => update.token === token)?.id === id));
    if (wanted.length === 1) this.say(wanted[0]);
    if (wanted.length > 1) this.say({ type: "PRICE_BATCH", updates: wanted });
  }
}

/**
 * Starts a stack; it stops when the test ends.
 * @param {import("node:test").TestContext} t
 * @param {Partial<Stack>} [settings]
 */
export async function startStack(t, settings = {}) {
  const stack = Object.assign(new Stack(), settings);
  await stack.listen();
  t.after(() => stack.stop());
  return stack;
}

export class Stack {
  /** The path that /connect answers. @type {Path} */
  home = "edge";
  /** Paths whose sockets are refused. @type {Path[]} */
  refused = [];
  /** A path that answers a subscription with MOVED to the other path. @type {Path | null} */
  hasLeft = null;
  /** Paths that stay silent. @type {Path[]} */
  stalled = [];
  /** Paths that answer the next cursor with a GAP. @type {Path[]} */
  gaps = [];
  /** Whether the token is published on both paths, so that /connect can follow `avoid`. */
  isDual = true;
  /** Status of /connect other than 200. */
  connectStatus = 200;
  /** Answers of the price endpoints wait for this. @type {Promise<void>} */
  pricesReady = Promise.resolve();
  /** The next requests for paths that begin so get a 429 of the gateway, which a page of another origin may not read. @type {string[]} */
  throttled = [];
  /** How many of the next requests for prices fail. */
  pricesFail = 0;
  pageUpdates = 3;
  pingMs = LONG_MS;
  /** @type {number | null} */
  maxAgeMs = null;
  /** @type {number | null} */
  recheckMs = null;
  /** Socket URL of a path that another server serves. @type {Partial<Record<Path, string>>} */
  elsewhere = {};
  /** The same, for the socket of many tokens. @type {Partial<Record<Path, string>>} */
  liveElsewhere = {};
  /** The time that its answers have. */
  nowMs = () => STARTED_MS;
  /** Where tokens went that were moved alone. @type {Record<string, Path>} */
  homes = {};
  /** Files that a browser can load: path → type and text. @type {Record<string, {type: string, text: string}>} */
  files = {};

  /** Every trade. @type {Update[]} */
  stored = [];
  /** What each path has published, in the order of that path. @type {Record<Path, Update[]>} */
  published = { aws: [], edge: [] };
  /** Every socket that was accepted. @type {Peer[]} */
  peers = [];
  /** Path and query of every HTTP request (except files) and every refused socket. @type {string[]} */
  requests = [];

  #sockets = new WebSocketServer({ noServer: true });
  #http = http.createServer((request, response) => void this.#answer(request, response));

  async listen() {
    this.#http.on("upgrade", (request, socket, head) => {
      const path = request.url?.startsWith("/live") ? "aws" : "edge";
      if (!this.refused.includes(path)) {
        this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.#accept(accepted, path, request.url ?? ""));
        return;
      }
      this.requests.push(`refused ${path}`);
      socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    });
    await new Promise((resolve) => this.#http.listen(0, "127.0.0.1", () => resolve(null)));
  }

  async stop() {
    for (const { socket } of this.peers) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#http.address());
    return `http://127.0.0.1:${port}`;
  }

  /** @param {Path} path */
  socketUrl(path) {
    return this.elsewhere[path] ?? `${this.url.replace("http", "ws")}${path === "aws" ? "/live" : `/ws/${TOKEN}`}`;
  }

  /** The socket of many tokens; on AWS it is the same one. @param {Path} path */
  liveUrl(path) {
    return this.liveElsewhere[path] ?? (path === "aws" ? this.socketUrl(path) : `${this.url.replace("http", "ws")}/edge/live`);
  }

  /** @param {Path} [path] */
  open(path) {
    return this.peers.filter((peer) => peer.isOpen && peer.isServed && (path === undefined || peer.path === path));
  }

  /** @param {Path} path @param {number} [count] that served so far, closed ones too */
  async serves(path, count = 1) {
    await until(`socket ${count} on ${path}`, () => this.peers.filter((peer) => peer.isServed && peer.path === path).length >= count, () => this.requests);
    return this.peers.filter((peer) => peer.path === path).at(-1) ?? assertNever();
  }

  /**
   * Stores trades and sends them.
   * @param {number | readonly number[]} numbers
   * @param {readonly Path[]} [paths] the paths on which they are sent
   * @param {readonly string[]} [tokens]
   */
  publish(numbers, paths = ["aws", "edge"], tokens = [TOKEN]) {
    this.take(tokens.flatMap((token) => [numbers].flat().map((n) => trade(n, token))), paths);
  }

  /** Stores updates and sends them. @param {readonly Update[]} updates @param {readonly Path[]} paths */
  take(updates, paths) {
    this.stored = [...this.stored, ...updates].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const path of paths) {
      this.published[path].push(...updates);
      if (this.stalled.includes(path)) continue;
      for (const peer of this.open(path)) peer.sayPrices(updates);
    }
  }

  /** @param {Path} path */
  drop(path) {
    for (const { socket } of this.open(path)) socket.terminate();
  }

  /** @param {Path} path @param {number} code @param {string} [reason] */
  close(path, code, reason = "") {
    for (const { socket } of this.open(path)) socket.close(code, reason);
  }

  /** Moves the token to `path`, and tells the clients of the other path. @param {Path} path @param {number} [jitterMs] */
  move(path, jitterMs = 0) {
    this.home = path;
    this.tell(otherThan(path), path, jitterMs);
  }

  /** Tells the clients of `from` to move; /connect's answer stays. @param {Path} from @param {Path} to @param {number} [jitterMs] */
  tell(from, to, jitterMs = 0) {
    for (const peer of this.open(from)) peer.say(this.#moved(to, jitterMs));
  }

  /** Moves one token, and tells the clients of the other path. @param {string} token @param {Path} path */
  moveToken(token, path) {
    this.homes[token] = path;
    for (const peer of this.open(otherThan(path))) if (peer.served.has(token)) peer.say(this.#moved(path, 0, token));
  }

  /** @param {Path} path @param {number} jitterMs @param {string} [token] */
  #moved(path, jitterMs, token = TOKEN) {
    return { type: "MOVED", token, path, url: this.socketUrl(path), liveUrl: this.liveUrl(path), after: null, jitterMs };
  }

  /** @param {import("ws").WebSocket} socket @param {Path} path @param {string} url */
  #accept(socket, path, url) {
    const peer = new Peer(socket, path);
    this.peers.push(peer);
    const { searchParams, pathname } = new URL(url, this.url);
    const connected = { type: "connected", connectionId: "c", colo: "" };
    if (pathname === "/edge/live") peer.say(connected);
    else if (path === "edge") this.#serve(peer, connected, [{ token: TOKEN, after: searchParams.get("after"), delivery: searchParams.get("delivery") }]);
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.action !== "ping" && message.type !== "ping") peer.commands.push(message);
      if (message.action === "authorize") peer.say({ type: "AUTHORIZED", expiresAt: null });
      else if (message.action === "subscribePrice") {
        const { token, subscriptions = [message] } = message;
        this.#serve(peer, { type: "SUBSCRIBED", ...(token === undefined ? { tokens: subscriptions.map((/** @type {Wanted} */ each) => each.token) } : { token }) }, subscriptions);
      } else if (message.action === "unsubscribePrice") {
        const { token, tokens = [token] } = message;
        for (const each of tokens) peer.served.delete(each);
        peer.say({ ...message, action: undefined, type: "UNSUBSCRIBED" });
      } else if (String(data) === JSON.stringify(PING[path])) {
        peer.pings += 1;
        if (!this.stalled.includes(path)) peer.say({ type: "pong" });
      } else socket.close(1008, `the server does not know ${data}`);
    });
  }

  /** @param {Peer} peer @param {object} greeting @param {readonly Wanted[]} wanted */
  #serve(peer, greeting, wanted) {
    const { path } = peer;
    if (this.stalled.includes(path)) return;
    if (this.hasLeft === path) return peer.say(this.#moved(otherThan(path), 0));
    if (!peer.isServed) peer.beside = this.open();
    for (const { token, delivery = null } of wanted) peer.served.set(token, delivery);
    peer.say(greeting);
    for (const { token, after = null, delivery = null } of wanted) {
      const ring = this.published[path].filter((update) => update.token === token);
      const known = ring.findIndex(({ id }) => id === after);
      peer.after = after;
      if (after === null || delivery === "latest") peer.sayPrices(ring.slice(-1));
      else if (known >= 0 && !this.gaps.includes(path)) peer.sayPrices(ring.slice(known + 1));
      else {
        this.gaps = this.gaps.filter((other) => other !== path);
        peer.say({ type: "GAP", token, after, until: null });
      }
    }
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const file = this.files[pathname];
    if (file !== undefined) return void response.writeHead(200, { "content-type": file.type }).end(file.text);
    this.requests.push(request.url ?? "");
    const throttled = this.throttled.findIndex((path) => pathname.startsWith(path));
    if (throttled >= 0) {
      this.throttled.splice(throttled, 1);
      return void response.writeHead(429, { "content-type": "application/json" }).end('{"message":"Too Many Requests"}');
    }
    const [status, body] = await this.#answerTo(pathname, searchParams);
    response.writeHead(status, { ...HEADERS, date: new Date(this.nowMs()).toUTCString() }).end(JSON.stringify(body));
  }

  /** @param {string} pathname @param {URLSearchParams} query @returns {Promise<[number, object]>} */
  async #answerTo(pathname, query) {
    if (pathname.startsWith("/connect/")) return this.#connect(query);
    if (pathname === "/connect") return this.#connectMany(query);
    return this.#prices(pathname, query);
  }

  /** @param {URLSearchParams} query @returns {[number, object]} */
  #connect(query) {
    return this.connectStatus === 200 ? [200, this.#route(query, TOKEN)] : [this.connectStatus, this.#refusal()];
  }

  /** @param {URLSearchParams} query @returns {[number, object]} */
  #connectMany(query) {
    const answer = (/** @type {string} */ token) => (this.connectStatus === 200 ? this.#route(query, token) : this.#refusal());
    return [200, { routes: (query.get("tokens") ?? "").split(",").map((token) => ({ token, ...answer(token) })) }];
  }

  #refusal() {
    return { error: { code: "UNKNOWN_TOKEN", message: `${TOKEN} is not streamed` } };
  }

  /** @param {URLSearchParams} query @param {string} token */
  #route(query, token) {
    const home = this.homes[token] ?? this.home;
    const path = this.isDual && query.get("avoid") === home ? otherThan(home) : home;
    const action = "subscribePrice";
    const { pingMs, maxAgeMs, recheckMs } = this;
    const protocol = { ping: PING[path], pingMs, maxAgeMs };
    return {
      path,
      url: this.socketUrl(path),
      protocol: { subscribe: path === "aws" ? { action, token } : null, ...protocol },
      live: { url: this.liveUrl(path), protocol: { subscribe: { action }, ...protocol } },
      recheckMs,
    };
  }

  /** @param {string} pathname @param {URLSearchParams} query @returns {Promise<[number, object]>} */
  async #prices(pathname, query) {
    await this.pricesReady;
    this.pricesFail -= 1;
    if (this.pricesFail >= 0) return [503, { error: { code: "UNAVAILABLE", message: "try again" } }];
    const [, , token, what] = pathname.split("/");
    const stored = this.stored.filter((update) => update.token === token);
    if (what === "price") return stored.length > 0 ? [200, stored.slice(-1)[0]] : [404, { error: { code: "NO_PRICE", message: "none yet" } }];
    const upTo = query.get("until") ?? "~";
    const rest = stored.filter(({ id }) => id > (query.get("after") ?? "") && id <= upTo);
    const prices = rest.slice(0, this.pageUpdates);
    return [200, { token, prices, next: rest.length > prices.length ? prices[prices.length - 1].id : null }];
  }
}

/** @returns {never} */
function assertNever() {
  throw new Error("a socket that served is gone");
}
