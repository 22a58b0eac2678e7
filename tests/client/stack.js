/** A fake stack: /connect, prices by REST and the sockets of both paths, on a free port of 127.0.0.1. */

import http from "node:http";

import { WebSocketServer } from "ws";

import { STARTED_MS, TOKEN, trade, until } from "./support.js";

/** @typedef {import("../../client/glow.js").Update} Update */
/** @typedef {"aws" | "edge"} Path */

const PING = { aws: { action: "ping" }, edge: { type: "ping" } };
const LONG_MS = 600_000;
const HEADERS = { "content-type": "application/json", "access-control-allow-origin": "*", "access-control-expose-headers": "date" };

/** @param {Path} path @returns {Path} */
const otherThan = (path) => (path === "aws" ? "edge" : "aws");

/** A client's socket as the server sees it. */
export class Peer {
  isServed = false;
  isOpen = true;
  pings = 0;
  /** @type {string | null} */
  after = null;
  wantsLatest = false;
  /** The other sockets that were open when this one was accepted. @type {Peer[]} */
  beside = [];

  /** @param {import("ws").WebSocket} socket @param {Path} path */
  constructor(socket, path) {
    this.socket = socket;
    this.path = path;
    socket.on("close", () => (this.isOpen = false));
  }

  /** @param {object} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
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
    return path === "aws" ? this.socketUrl(path) : `${this.url.replace("http", "ws")}/edge/live`;
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
   */
  publish(numbers, paths = ["aws", "edge"]) {
    const updates = [numbers].flat().map(trade);
    this.stored = [...this.stored, ...updates].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const path of paths) {
      this.published[path].push(...updates);
      if (this.stalled.includes(path)) continue;
      for (const peer of this.open(path)) sendAll(peer, updates);
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

  /** @param {Path} path @param {number} jitterMs */
  #moved(path, jitterMs) {
    return { type: "MOVED", token: TOKEN, path, url: this.socketUrl(path), after: null, jitterMs };
  }

  /** @param {import("ws").WebSocket} socket @param {Path} path @param {string} url */
  #accept(socket, path, url) {
    const peer = new Peer(socket, path);
    this.peers.push(peer);
    const { searchParams } = new URL(url, this.url);
    if (path === "edge") this.#serve(peer, { type: "connected", connectionId: "c", colo: "" }, searchParams.get("after"), searchParams.get("delivery"));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.action === "subscribePrice") this.#serve(peer, { type: "SUBSCRIBED", token: message.token }, message.after ?? null, message.delivery ?? null);
      else if (String(data) === JSON.stringify(PING[path])) {
        peer.pings += 1;
        if (!this.stalled.includes(path)) peer.say({ type: "pong" });
      } else socket.close(1008, `the server does not know ${data}`);
    });
  }

  /** @param {Peer} peer @param {object} greeting @param {string | null} after @param {string | null} delivery */
  #serve(peer, greeting, after, delivery) {
    const { path } = peer;
    if (this.stalled.includes(path)) return;
    if (this.hasLeft === path) return peer.say(this.#moved(otherThan(path), 0));
    peer.beside = this.open();
    Object.assign(peer, { isServed: true, after, wantsLatest: delivery === "latest" });
    peer.say(greeting);
    const ring = this.published[path];
    const known = ring.findIndex(({ id }) => id === after);
    if (after === null || peer.wantsLatest) sendAll(peer, ring.slice(-1));
    else if (known >= 0 && !this.gaps.includes(path)) sendAll(peer, ring.slice(known + 1));
    else {
      this.gaps = this.gaps.filter((other) => other !== path);
      peer.say({ type: "GAP", after, until: null });
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
    response.writeHead(status, { ...HEADERS, date: new Date(STARTED_MS).toUTCString() }).end(JSON.stringify(body));
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
    const isAvoided = this.isDual && query.get("avoid") === this.home;
    const path = isAvoided ? otherThan(this.home) : this.home;
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
    if (pathname === `/tokens/${TOKEN}/price`) {
      return this.stored.length > 0 ? [200, this.stored.slice(-1)[0]] : [404, { error: { code: "NO_PRICE", message: "none yet" } }];
    }
    const upTo = query.get("until") ?? "~";
    const rest = this.stored.filter(({ id }) => id > (query.get("after") ?? "") && id <= upTo);
    const prices = rest.slice(0, this.pageUpdates);
    return [200, { token: TOKEN, prices, next: rest.length > prices.length ? prices[prices.length - 1].id : null }];
  }
}

/** @param {Peer} peer @param {readonly Update[]} updates */
function sendAll(peer, updates) {
  const wanted = peer.wantsLatest ? updates.slice(-1) : updates;
  if (wanted.length === 1) peer.say(wanted[0]);
  if (wanted.length > 1) peer.say({ type: "PRICE_BATCH", updates: wanted });
}

/** @returns {never} */
function assertNever() {
  throw new Error("a socket that served is gone");
}
