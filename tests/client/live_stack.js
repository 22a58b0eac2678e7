/** A fake stack of many tokens, on one socket per path: discovery in one call, and the commands of /live. */

import http from "node:http";

import { WebSocketServer } from "ws";

import { STARTED_MS, trade, until } from "./support.js";

/** @typedef {import("../../client/glow.js").Update} Update */

const PROTOCOL = { subscribe: { action: "subscribePrice" }, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null };
const HEADERS = { "content-type": "application/json", "access-control-allow-origin": "*", "access-control-expose-headers": "date" };

/** Starts a stack; it stops when the test ends. @param {import("node:test").TestContext} t @param {LiveStack["files"]} [files] */
export async function startLiveStack(t, files = {}) {
  const stack = new LiveStack(files);
  await stack.listen();
  t.after(() => stack.stop());
  return stack;
}

export class LiveStack {
  /** Tokens that are not streamed. @type {string[]} */
  unknown = [];
  /** Of each token that is subscribed to, by how many sockets. @type {Map<string, number>} */
  followed = new Map();
  /** How many tokens were subscribed to, again and again. */
  subscriptions = 0;
  sockets = 0;
  /** The path of tokens that have not moved. @type {"aws" | "edge"} */
  home = "edge";
  /** Where tokens have moved to. @type {Map<string, "aws" | "edge">} */
  #moved = new Map();
  /** The sockets of a path that another server serves. @type {Partial<Record<"aws" | "edge", string>>} */
  elsewhere = {};
  /** The newest of each token. @type {Map<string, Update>} */
  #newest = new Map();
  #server = new WebSocketServer({ noServer: true });
  #http = http.createServer((request, response) => this.#answer(new URL(request.url ?? "/", this.url), response));

  /** By token, what its candles are, whatever the interval. @type {Record<string, {time: number, [field: string]: unknown}[]>} */
  candles = {};
  /** What GET /tokens lists. @type {object[]} */
  listed = [];
  /** What was asked for about candles: paths with their queries. @type {string[]} */
  charts = [];

  /** @param {Record<string, {type: string, text: string}>} files that a browser can load */
  constructor(files) {
    this.files = files;
  }

  async listen() {
    this.#http.on("upgrade", (request, socket, head) => this.#server.handleUpgrade(request, socket, head, (accepted) => this.#accept(accepted)));
    await new Promise((resolve) => this.#http.listen(0, "127.0.0.1", () => resolve(null)));
  }

  async stop() {
    for (const client of this.#server.clients) client.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#http.address());
    return `http://127.0.0.1:${port}`;
  }

  /** Waits until exactly these are subscribed to. @param {string[]} tokens */
  async follows(...tokens) {
    const followed = () => [...this.followed.keys()].sort();
    await until(`${tokens} to be followed`, () => String(followed()) === String(tokens.sort()), followed);
  }

  /** Sends the `n`th trade of a token. @param {string} token @param {number} n @param {Partial<Update>} [fields] */
  publish(token, n, fields = {}) {
    const update = { ...trade(n), ...fields, token };
    this.#newest.set(token, update);
    for (const client of this.#server.clients) client.emit("publish", update);
  }

  /** Moves a token, and tells its clients. @param {string} token @param {"aws" | "edge"} path */
  move(token, path) {
    this.#moved.set(token, path);
    const { url, live } = this.#placeOf(token);
    const moved = { type: "MOVED", token, path, url, liveUrl: live.url, after: null, jitterMs: 0 };
    for (const client of this.#server.clients) client.emit("move", moved);
  }

  /** @param {import("ws").WebSocket} socket */
  #accept(socket) {
    /** @type {Set<string>} */
    const tokens = new Set();
    const say = (/** @type {object} */ message) => socket.send(JSON.stringify(message));
    const leave = (/** @type {string} */ token) => {
      if (!tokens.delete(token)) return;
      const others = (this.followed.get(token) ?? 1) - 1;
      if (others > 0) this.followed.set(token, others);
      else this.followed.delete(token);
    };
    this.sockets += 1;
    say({ type: "connected", connectionId: "c", colo: "" });
    for (const event of ["publish", "move"]) socket.on(event, (message) => tokens.has(message.token) && say(message));
    socket.on("close", () => [...tokens].forEach(leave));
    socket.on("message", (data) => {
      const { type, action, token, tokens: left = [token], subscriptions = [{ token }] } = JSON.parse(String(data));
      if (type === "ping" || action === "ping") return say({ type: "pong" });
      if (action === "unsubscribePrice") {
        left.forEach(leave);
        return say({ type: "UNSUBSCRIBED", tokens: left });
      }
      const joined = subscriptions.map((/** @type {{token: string}} */ wish) => wish.token);
      this.subscriptions += joined.length;
      say({ type: "SUBSCRIBED", tokens: joined });
      for (const each of joined) {
        if (!tokens.has(each)) this.followed.set(each, (this.followed.get(each) ?? 0) + 1);
        tokens.add(each);
        if (this.#newest.has(each)) say(/** @type {Update} */ (this.#newest.get(each)));
      }
    });
  }

  /** @param {URL} url @param {http.ServerResponse} response */
  #answer({ pathname, searchParams }, response) {
    const file = this.files[pathname];
    if (file !== undefined) return response.writeHead(200, { "content-type": file.type }).end(file.text);
    const answer = (/** @type {number} */ status, /** @type {object} */ body) =>
      response.writeHead(status, { ...HEADERS, date: new Date(STARTED_MS).toUTCString() }).end(JSON.stringify(body));
    if (pathname === "/connect") return answer(200, { routes: (searchParams.get("tokens") ?? "").split(",").map((token) => this.#route(token)) });
    if (pathname === "/tokens") return answer(200, { tokens: this.listed, next: null });
    if (pathname.endsWith("/candles")) {
      this.charts.push(`${pathname}?${searchParams}`);
      return answer(200, { candles: (this.candles[pathname.split("/")[2]] ?? []).filter(({ time }) => time >= Number(searchParams.get("from"))), next: null });
    }
    if (pathname.endsWith("/prices")) return answer(200, { token: pathname.split("/")[2], prices: [], next: null });
    return answer(404, { error: { code: "NO_PRICE", message: "none yet" } });
  }

  /** @param {string} token */
  #route(token) {
    if (this.unknown.includes(token)) return { token, error: { code: "UNKNOWN_TOKEN", message: `${token} is not streamed` } };
    return { token, ...this.#placeOf(token) };
  }

  /** @param {string} token */
  #placeOf(token) {
    const path = this.#moved.get(token) ?? this.home;
    const host = `${this.url.replace("http", "ws")}/${path}`;
    const live = { url: this.elsewhere[path] ?? `${host}/live`, protocol: PROTOCOL };
    return { path, url: `${host}/ws/${token}`, protocol: { ...PROTOCOL, subscribe: null }, live, recheckMs: null };
  }
}
