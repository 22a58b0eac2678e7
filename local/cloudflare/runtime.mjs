/** The Workers runtime: the real workerd, started by miniflare. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

import { Miniflare } from "miniflare";

import { ApiError } from "./errors.mjs";
import { codeOptions, workersOf } from "./options.mjs";

/**
 * @typedef {import("./state.mjs").State} State
 * @typedef {import("./state.mjs").Version} Version
 * @typedef {import("miniflare").MiniflareOptions} MiniflareOptions
 * @typedef {import("node:stream").Readable} Readable
 *
 * @typedef {(line: string, level: "log" | "error") => void} Print
 *
 * Where objects and Workers are, and who hears what those print. `port` 0 takes a free one.
 * @typedef {{objects: string, port: number, subdomain: string, print: Print}} Place
 */

const HOST = "127.0.0.1";

// A module that is added on trial: it imports the upload and answers the names of its exported classes.
const PROBE = "glow-probe.mjs";

export class Runtime {
  #options;
  #place;
  #miniflare;

  /**
   * @param {MiniflareOptions} options
   * @param {Place} place
   */
  constructor(options, place) {
    this.#options = options;
    this.#place = place;
    this.#miniflare = new Miniflare(options);
  }

  /**
   * Starts the live Workers of the state. Durable Objects are stored under `root`.
   * @param {object} options
   * @param {string} options.root
   * @param {number} options.port 0 takes a free one
   * @param {string} options.subdomain the account's subdomain of workers.dev
   * @param {State} options.state
   * @param {Print} options.print hears each line that a Worker prints
   */
  static async start({ root, port, subdomain, state, print }) {
    // miniflare installs an older workerd, which has no `bufferedAmount` (facts/cloudflare.md §4, §6).
    process.env.MINIFLARE_WORKERD_PATH ??= createRequire(import.meta.url).resolve("workerd/bin/workerd");
    const objects = path.join(root, "objects");
    mkdirSync(objects, { recursive: true });
    const place = { objects, port, subdomain, print };
    const runtime = new Runtime(optionsFor(state, place), place);
    const { port: taken } = new URL(await runtime.#miniflare.ready);
    runtime.#options = optionsFor(state, { ...place, port: Number(taken) });
    return runtime;
  }

  get port() {
    return this.#options.port ?? 0;
  }

  /**
   * Runs the Workers of the state. Restarts workerd only if the options differ, because a restart drops every socket.
   * @param {State} state
   */
  async serve(state) {
    const options = optionsFor(state, { ...this.#place, port: this.port });
    if (digest(options) !== digest(this.#options)) {
      try {
        await this.#miniflare.setOptions(options);
      } catch (error) {
        await this.#miniflare.setOptions(this.#options); // else miniflare would serve nothing any more
        throw error;
      }
      this.#options = options;
    }
    this.#deleteObjectsBut(state);
  }

  /**
   * Starts a version in a separate runtime and returns the classes that it exports.
   *
   * Without this trial, an upload that does not start would stop the running Workers.
   * @param {Version} version
   * @returns {Promise<string[]>}
   */
  async tryOut(version) {
    /** @type {string[]} */
    const said = [];
    const { modules, ...code } = codeOptions(version);
    const main = JSON.stringify(`./${version.main_module}`);
    const probe = {
      type: /** @type {const} */ ("ESModule"),
      path: `/${PROBE}`,
      contents: `import * as worker from ${main};
        export * from ${main};
        const isClass = (value) => typeof value === "function" && String(value).startsWith("class");
        const names = Object.keys(worker).filter((name) => name !== "default" && isClass(worker[name]));
        export default { fetch: () => Response.json(names) };`,
    };
    /** @type {MiniflareOptions} */
    const options = {
      ...code,
      modules: [probe, ...modules],
      host: HOST,
      port: 0,
      cf: false,
      handleRuntimeStdio(/** @type {Readable[]} */ ...streams) {
        for (const stream of streams) stream.on("data", (text) => said.push(String(text)));
      },
    };
    const trial = new Miniflare(options);
    try {
      const answer = await trial.dispatchFetch("http://probe/");
      return /** @type {string[]} */ (await answer.json());
    } catch (error) {
      throw new ApiError("DOES_NOT_START", complaint(said.join("")) ?? String(error));
    } finally {
      await trial.dispose().catch(() => {}); // fails if it never started
    }
  }

  async stop() {
    await this.#miniflare.dispose();
  }

  /** @param {State} state */
  #deleteObjectsBut(state) {
    const kept = new Set(state.workers.flatMap(({ namespaces }) => Object.values(namespaces)));
    for (const namespace of readdirSync(this.#place.objects)) {
      if (!kept.has(namespace)) rmSync(path.join(this.#place.objects, namespace), { recursive: true });
    }
  }
}

/**
 * @param {State} state
 * @param {Place} place
 * @returns {MiniflareOptions & {port: number}}
 */
function optionsFor(state, { objects, port, subdomain, print }) {
  return {
    host: HOST,
    port,
    cf: false,
    durableObjectsPersist: objects,
    handleRuntimeStdio: toLog(print),
    workers: workersOf(state, subdomain),
  };
}

/**
 * Writes what the Workers print to stderr, and tells `print`. stdout carries only the ready line.
 * @param {Print} print
 */
function toLog(print) {
  /** @param {Readable} stdout @param {Readable} stderr */
  return (stdout, stderr) => {
    for (const [stream, level] of /** @type {const} */ ([[stdout, "log"], [stderr, "error"]])) {
      createInterface({ input: stream }).on("line", (line) => {
        process.stderr.write(`${line}\n`);
        print(line, level);
      });
    }
  };
}

/** @param {MiniflareOptions} options */
const digest = (options) => createHash("sha256").update(JSON.stringify(options)).digest("hex");

/**
 * workerd's error about the upload, without the lines that the code itself printed.
 * @param {string} output
 */
const complaint = (output) => /^service core:user:[^:]*: (.*)$/m.exec(output)?.[1];
