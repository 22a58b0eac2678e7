/** Runs the Worker on real workerd, and clients of it, on free ports of 127.0.0.1. */

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";
import { WebSocket } from "ws";

import { Rest } from "./rest.js";

export const SECRET = "a-secret-of-the-tests";
export const PREVIOUS_SECRET = "the-secret-before-it";
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const WORKER = path.join(ROOT, "worker");
export const PROBE = fileURLToPath(new URL("probe.js", import.meta.url));
const DEADLINE_MS = 60_000;
const SHOWN_CHARACTERS = 500;
/** Fewer than a replay may hold, so that the client of a stalled socket still gets every update. */
const POST_UPDATES = 400;

/** The newest workerd. miniflare installs an older one, which has no `bufferedAmount` (facts/cloudflare.md §4, §6). */
export const NEWEST_WORKERD = createRequire(import.meta.url).resolve("workerd/bin/workerd");

/**
 * Starts the Worker; it stops when the test ends.
 * @param {{after: (stop: () => Promise<void>) => void}} t a test, or `{ after }` of node:test for a whole file
 * @param {object} [options]
 * @param {Record<string, string>} [options.vars]
 * @param {string} [options.persist] folder that keeps the rooms' storage
 * @param {string} [options.workerd] path of the runtime
 * @param {number} [options.connectsPerMinute] of one address
 */
export async function startEdge(t, { vars = {}, persist, workerd = NEWEST_WORKERD, connectsPerMinute = 1_000_000 } = {}) {
  /** @type {string[]} */
  const logs = [];
  const rest = await Rest.start(t);
  const flare = await startMiniflare({ vars: { REST_API_URL: rest.url, ...vars }, persist, workerd, logs, connectsPerMinute });
  const edge = new Edge(await flare.ready, logs, () => flare.dispose(), rest);
  t.after(() => edge.stop());
  return edge;
}

/**
 * @param {object} options
 * @param {Record<string, string>} options.vars
 * @param {string} [options.persist]
 * @param {string} options.workerd
 * @param {string[]} options.logs
 * @param {number} options.connectsPerMinute
 */
async function startMiniflare({ vars, persist, workerd, logs, connectsPerMinute }) {
  // Miniflare reads this variable when it starts workerd. It is global, but tests of one process run one by one.
  process.env.MINIFLARE_WORKERD_PATH = workerd;
  const flare = new Miniflare({
    name: "glow-broadcast",
    host: "127.0.0.1",
    port: 0,
    cf: false,
    compatibilityDate: "2026-04-07",
    modulesRoot: ROOT,
    modules: workerModules(PROBE),
    durableObjects: {
      BROADCAST_ROOM: { className: "BroadcastRoom", useSQLite: true },
      CLIENT_HUB: { className: "ClientHub", useSQLite: true },
    },
    durableObjectsPersist: persist ?? false,
    analyticsEngineDatasets: { ANALYTICS: { dataset: "glow_broadcast" } },
    ratelimits: { CONNECT_LIMIT: { simple: { limit: connectsPerMinute, period: 60 } } },
    bindings: { WEBHOOK_SECRET: SECRET, ...vars },
    /** @param {import("node:stream").Readable} stdout @param {import("node:stream").Readable} stderr */
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.on("data", (chunk) => logs.push(String(chunk)));
    },
  });
  await flare.ready;
  return flare;
}

/**
 * The Worker's modules in miniflare's form. Scripts for browsers are text modules, as in components/packaging.py.
 * @param {string} [main] the module to start
 */
export function workerModules(main = path.join(WORKER, "index.js")) {
  const scripts = new Set([main, ...scriptsIn("worker")]);
  return [
    ...[...scripts].map((file) => aModule("ESModule", file)),
    ...[path.join(ROOT, "client/glow.js"), ...scriptsIn("worker/browser"), ...scriptsIn("worker/browser/vendor")].map((file) => aModule("Text", file, path.join(WORKER, `${path.basename(file)}.txt`))),
  ];
}

/**
 * @param {"ESModule" | "Text"} type
 * @param {string} file
 * @param {string} [name] under which the Worker imports it
 */
export function aModule(type, file, name = file) {
  return { type, path: name, contents: readFileSync(file, "utf8") };
}

/** @param {string} folder */
function scriptsIn(folder) {
  return readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith(".js")).map((name) => path.join(ROOT, folder, name));
}

export class Edge {
  #stop;
  #clients = 0;

  /**
   * @param {URL} url
   * @param {string[]} logs
   * @param {() => Promise<void>} stop
   * @param {Rest} [rest] the REST API that the rooms read
   */
  constructor(url, logs, stop, rest = new Rest()) {
    this.url = url;
    this.logs = logs;
    this.rest = rest;
    this.#stop = stop;
  }

  async stop() {
    const stop = this.#stop;
    this.#stop = async () => {};
    await stop();
  }

  /** @param {string} path @param {RequestInit} [init] */
  fetch(path, init) {
    return fetch(new URL(path, this.url), init);
  }

  /**
   * Posts to the token's room.
   * @param {string} token
   * @param {unknown} body
   * @param {object} [options]
   * @param {string | null} [options.secret]
   */
  post(token, body, options = {}) {
    return this.postTo(`/broadcast/${token}`, body, options);
  }

  /**
   * Posts what is in the table, too, as our publishers do, and expects success.
   * @param {string} token
   * @param {unknown} body
   * @returns {Promise<{success: true, connections: number}>}
   */
  broadcast(token, body) {
    return this.command(`/broadcast/${token}?stored=true`, body);
  }

  /**
   * Posts to any path.
   * @param {string} path
   * @param {unknown} body
   * @param {object} [options]
   * @param {string | null} [options.secret]
   */
  postTo(path, body, { secret = SECRET } = {}) {
    return this.fetch(path, {
      method: "POST",
      headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /**
   * Posts to any path and expects success.
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<{success: true, connections: number}>}
   */
  async command(path, body) {
    const response = await this.postTo(path, body);
    const answer = await response.json();
    if (response.status !== 200) throw new Error(`POST ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /**
   * Posts until the room stops sending to a client. Returns the number of updates posted.
   * @param {string} token
   * @param {number} [before] posted by an earlier call
   */
  async broadcastUntilStalled(token, before = 0) {
    for (let posted = before; posted < 200_000; posted += POST_UPDATES) {
      if ((await this.probe(token, "stalled")) > 0) return posted;
      await this.broadcast(token, largeUpdates(posted, posted + POST_UPDATES));
    }
    throw new Error("no client was held back");
  }

  /**
   * Opens a socket and waits for `connected`.
   * @param {string} token
   * @param {object} [options]
   * @param {string} [options.query]
   * @param {Record<string, string>} [options.headers]
   */
  async connect(token, { query = "", headers = {} } = {}) {
    const client = new Client(this.open(token, query, headers));
    await client.next("connected");
    return client;
  }

  /**
   * Opens a socket for many tokens and waits for `connected`.
   * @param {Record<string, string>} [headers]
   */
  async connectLive(headers) {
    const client = new Client(this.openLive(headers));
    await client.next("connected");
    return client;
  }

  /** @param {Record<string, string>} [headers] @param {import("ws").ClientOptions} [options] */
  openLive(headers, options) {
    return this.#open("/live", headers, options);
  }

  /** @param {string} token @param {string} [query] */
  socketUrl(token, query = "") {
    return this.#socketUrl(`/ws/${token}${query}`);
  }

  /** @param {string} path */
  #socketUrl(path) {
    return new URL(path, this.url.href.replace("http", "ws")).href;
  }

  /**
   * The HTTP status with which a connect is refused.
   * @param {string} token
   * @param {object} [options]
   * @param {string} [options.query]
   * @param {Record<string, string>} [options.headers]
   * @returns {Promise<{status: number, headers: import("node:http").IncomingHttpHeaders}>}
   */
  refusal(token, { query = "", headers = {} } = {}) {
    return this.refusalOf(this.open(token, query, headers));
  }

  /**
   * @param {WebSocket} socket that is being opened
   * @returns {Promise<{status: number, headers: import("node:http").IncomingHttpHeaders}>}
   */
  refusalOf(socket) {
    return new Promise((resolve, reject) => {
      socket.on("unexpected-response", (request, { statusCode = 0, headers: answered }) => {
        request.destroy();
        resolve({ status: statusCode, headers: answered });
      });
      socket.on("open", () => reject(new Error("the connect was accepted")) ?? socket.close());
      socket.on("error", () => {});
    });
  }

  /**
   * @param {string} token
   * @param {string} [query]
   * @param {Record<string, string>} [headers]
   */
  open(token, query = "", headers = {}) {
    return this.#open(`/ws/${token}${query}`, headers);
  }

  /**
   * Each client has an address of its own, unless its headers name one.
   * @param {string} path
   * @param {Record<string, string>} [headers]
   * @param {import("ws").ClientOptions} [options]
   */
  #open(path, headers, options) {
    this.#clients += 1;
    const address = `10.${this.#clients >> 16}.${(this.#clients >> 8) & 255}.${this.#clients & 255}`;
    return new WebSocket(this.#socketUrl(path), { ...options, headers: { "cf-connecting-ip": address, ...headers } });
  }

  /**
   * Calls a method of the token's room that only support/probe.js has.
   * @param {string} token
   * @param {string} what
   * @param {unknown} [message]
   */
  async probe(token, what, message = {}) {
    const response = await this.fetch(`/probe/${what}/${token}`, { method: "POST", body: JSON.stringify(message) });
    return response.json();
  }
}

/** A raw WebSocket client. It keeps what it received, in order, and how it was closed. */
export class Client {
  /** @type {any[]} */
  received = [];
  /** Updates received, whether alone or in a batch. @type {any[]} */
  updates = [];
  /** @type {{code: number, reason: string} | null} */
  closed = null;
  error = "";
  #taken = 0;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    socket.on("close", (code, reason) => (this.closed = { code, reason: String(reason) }));
    socket.on("error", ({ message }) => (this.error = message));
  }

  /** @param {any} message */
  #receive(message) {
    this.received.push(message);
    if (message.type === "PRICE_UPDATE") this.updates.push(message);
    if (message.type === "PRICE_BATCH") this.updates.push(...message.updates);
  }

  /** @param {unknown} message */
  send(message) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /**
   * Takes the next message, which must be of `type`.
   * @param {string} type
   */
  async next(type) {
    const message = await until(`a message of type ${type}`, () => this.received[this.#taken], () => [this.error, ...this.received.slice(-3)]);
    if (message.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`);
    this.#taken += 1;
    return message;
  }

  /** Sends a ping and returns everything that arrived before its answer. */
  async settle() {
    const pongs = this.received.filter(({ type }) => type === "pong").length;
    this.send({ type: "ping" });
    await until("a pong", () => this.received.filter(({ type }) => type === "pong").length > pongs, () => this.received.slice(-3));
    return this.received.filter(({ type }) => type !== "pong");
  }

  /** @param {number} count of messages, with the greeting */
  hasMessages(count) {
    return until(`${count} messages`, () => this.received.length >= count, () => this.received.slice(-3));
  }

  /** @param {number} count */
  async hasUpdates(count) {
    await until(`${count} updates`, () => this.updates.length >= count, () => this.updates.length);
    return this.updates;
  }

  /** @param {number} [deadlineMs] */
  async isClosed(deadlineMs) {
    return until("the close", () => this.closed, () => this.received.slice(-3), deadlineMs);
  }

  /**
   * Waits for the room's close frame only. Observed in workerd: the frame comes at once, but if the client has never sent
   * anything, the connection ends only when the room hibernates.
   * @param {number} [deadlineMs]
   */
  async isToldToClose(deadlineMs) {
    await until("the close frame", () => this.socket.readyState >= WebSocket.CLOSING, () => this.received.slice(-3), deadlineMs);
    this.socket.terminate();
    return this.isClosed();
  }

  async close() {
    this.socket.close();
    return this.isClosed();
  }
}

/**
 * Waits for a condition. The error names the condition and the last state seen.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} condition
 * @param {() => unknown} [state]
 * @param {number} [deadlineMs]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, condition, state = () => "", deadlineMs = DEADLINE_MS) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}; last seen: ${JSON.stringify(state())?.slice(0, SHOWN_CHARACTERS)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * The `n`th trade of a token, as publishers post it.
 * @param {number} n
 * @param {object} [changes]
 */
export function anUpdate(n, changes = {}) {
  const timestamp = 1_700_000_000 + n;
  const signature = `s${String(n).padStart(15, "0")}`;
  return {
    type: "PRICE_UPDATE",
    price: 1 + n / 1000,
    timestamp,
    slot: n,
    txSignature: signature,
    id: `${timestamp}-${String(n).padStart(12, "0")}-${signature}`,
    ...changes,
  };
}

/** @param {number} from @param {number} to not included */
export const updatesFrom = (from, to) => Array.from({ length: to - from }, (_, index) => anUpdate(from + index));

/** Updates of the maximum size. The kernels' socket buffers hold some MB before the room notices that a client stalls. */
export const largeUpdates = (/** @type {number} */ from, /** @type {number} */ to) =>
  updatesFrom(from, to).map((update) => ({ ...update, txSignature: update.txSignature.padEnd(88, "x") }));

/**
 * Shortens messages to what tests compare: the ids of updates, and gaps.
 * @param {any[]} messages
 */
export const story = (messages) =>
  messages.flatMap(({ type, id, updates, after, until: to }) => {
    if (type === "GAP") return [{ after, until: to }];
    return updates?.map((/** @type {any} */ update) => update.id) ?? id ?? [];
  });
