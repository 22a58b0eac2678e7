/** Starts the server as `make up` does, and calls its two ports. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../../local/cloudflare/server.mjs", import.meta.url));

/** @typedef {{after: (stop: () => unknown) => void}} Test */
/** @typedef {{status: number, retry: string | null, result: any, code: number | undefined, error: any}} Answer */

/** A Worker with a counter in a Durable Object; at /env it answers its environment. */
export const COUNTER = `
  import { DurableObject } from "cloudflare:workers";
  export class Counter extends DurableObject {
    async fetch(request) {
      if (request.headers.get("upgrade") === "websocket") {
        const [client, server] = Object.values(new WebSocketPair());
        this.ctx.acceptWebSocket(server);
        return new Response(null, { status: 101, webSocket: client });
      }
      this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counted (at INTEGER)");
      this.ctx.storage.sql.exec("INSERT INTO counted VALUES (1)");
      return Response.json(this.ctx.storage.sql.exec("SELECT COUNT(*) AS n FROM counted").one().n);
    }
  }
  export default {
    fetch(request, env) {
      const { COUNTER, ...values } = env;
      if (new URL(request.url).pathname === "/env") return Response.json(values);
      return COUNTER.getByName("one").fetch(request);
    },
  };`;

/**
 * The body of a version: the counter's code, with its class declared and bound.
 * @param {{code?: string} & Record<string, unknown>} [changes]
 */
export const aVersion = ({ code = COUNTER, ...changes } = {}) => ({
  main_module: "index.js",
  compatibility_date: "2026-04-07",
  modules: [
    { name: "index.js", content_type: "application/javascript+module", content_base64: Buffer.from(code).toString("base64") },
  ],
  bindings: [{ name: "COUNTER", type: "durable_object_namespace", class_name: "Counter" }],
  exports: { Counter: { type: "durable-object", storage: "sqlite" } },
  ...changes,
});

/**
 * Makes a folder that is deleted when the test ends.
 * @param {Test} t
 */
export function aRoot(t) {
  const root = mkdtempSync(path.join(tmpdir(), "glow-cloudflare-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/**
 * Starts the server; it stops when the test ends.
 * @param {Test} t
 * @param {string} [root]
 */
export async function start(t, root = aRoot(t)) {
  const server = spawn(process.execPath, [SERVER, "--root", root], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (text) => (log += text));
  const ended = once(server, "exit");
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const line = await lines.next();
  if (line.done) throw new Error(`the server ended before it was ready: ${log}`);
  const local = new LocalCloudflare(JSON.parse(line.value), () => log, async () => {
    server.kill("SIGTERM");
    return /** @type {number} */ ((await ended)[0]);
  });
  t.after(() => local.stop());
  return local;
}

class LocalCloudflare {
  /**
   * @param {{api: string, worker: string, account: typeof import("../../local/cloudflare/account.mjs").ACCOUNT}} ready
   * @param {() => string} log
   * @param {() => Promise<number>} stop
   */
  constructor(ready, log, stop) {
    this.account = ready.account;
    this.worker = ready.worker;
    this.api = ready.api;
    this.log = log;
    this.stop = stop;
  }

  get workers() {
    return `accounts/${this.account.id}/workers/workers`;
  }

  get domains() {
    return `accounts/${this.account.id}/workers/domains`;
  }

  get zone() {
    return `zones/${this.account.zone.id}`;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {string} [token]
   * @returns {Promise<Answer>}
   */
  async call(method, path, body, token = this.account.apiToken) {
    const response = await fetch(`${this.api}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const { result, errors, success } = /** @type {any} */ (await response.json());
    if (success !== response.ok) throw new Error(`success is ${success}, status ${response.status}`);
    return { status: response.status, retry: response.headers.get("x-should-retry"), result, code: errors[0]?.code, error: errors[0] };
  }

  /**
   * Makes a call that must succeed.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async must(method, path, body) {
    const { result, error } = await this.call(method, path, body);
    if (error) throw new Error(`${method} ${path}: ${error.code} ${error.message}`);
    return result;
  }

  /** @param {string} [name] @returns {Promise<string>} its id */
  async createWorker(name = "counter") {
    return (await this.must("POST", this.workers, { name })).id;
  }

  /** @param {string} worker @param {unknown} version */
  deploy(worker, version) {
    return this.call("POST", `${this.workers}/${worker}/versions?deploy=true`, version);
  }

  /** @param {string} worker @param {unknown} [version] */
  async mustDeploy(worker, version = aVersion()) {
    return this.must("POST", `${this.workers}/${worker}/versions?deploy=true`, version);
  }

  /** @returns {Promise<any>} how often the counter was asked */
  async count() {
    return (await fetch(this.worker)).json();
  }

  /** @returns {Promise<any>} */
  async env() {
    return (await fetch(`${this.worker}/env`)).json();
  }
}
