/**
 * What one room carries, in real workerd on this machine: `node bench/room.mjs [deliveries|reconnects|stalled]`.
 * The clients share the machine but not the process, so only workerd's CPU time and memory are counted.
 */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { WebSocket } from "ws";

import { anUpdate, largeUpdates, startEdge, until } from "../tests/worker/support/edge.js";

const CLIENTS = 1_000;
const CROWD = 5_000;
const CONNECTING_AT_ONCE = 100;
const SECONDS = 5;
const SAMPLED_CLIENTS = 20;
const TICKS_PER_SECOND = 100; // of Linux's process clock (getconf CLK_TCK)
const PAGE_BYTES = 4096;
const CONNECT_DEADLINE_MS = 60_000;

/** @type {BenchClient[]} */
const openClients = [];

const MEASURES = {
  async deliveries() {
    await measureDeliveries({ windowMs: 50, updatesPerSecond: 100 });
    await measureDeliveries({ windowMs: 0, updatesPerSecond: 100 });
    await measureDeliveries({ windowMs: 0, updatesPerSecond: 20 });
  },
  reconnects: measureCrowd,
  stalled: measureStalled,
};

/** @param {{windowMs: number, updatesPerSecond: number}} load */
async function measureDeliveries({ windowMs, updatesPerSecond }) {
  await withEdge({ WINDOW_MS: String(windowMs) }, async (edge, workerd) => {
    const clients = await connectAll(edge, CLIENTS);
    /** @type {Map<string, number>} */
    const postedAtMs = new Map();
    /** @type {number[]} */
    const latenciesMs = [];
    for (const client of clients.slice(0, SAMPLED_CLIENTS)) {
      client.onFrame = (text) => {
        for (const [id] of text.matchAll(/\d{10}-\d{12}-\w+/g)) latenciesMs.push(performance.now() - (postedAtMs.get(id) ?? NaN));
      };
    }

    const cpuBefore = workerd.cpuSeconds();
    const startMs = performance.now();
    const posts = [];
    const count = updatesPerSecond * SECONDS;
    for (let n = 0; n < count; n += 1) {
      const update = anUpdate(n);
      await sleep(Math.max(0, startMs + (n * 1000) / updatesPerSecond - performance.now()));
      postedAtMs.set(update.id, performance.now());
      posts.push(edge.broadcast("BENCH", update));
    }
    await Promise.all(posts);
    await until("every delivery", () => latenciesMs.length === count * SAMPLED_CLIENTS, () => latenciesMs.length, 60_000);
    await until("the same bytes at every client", () => new Set(clients.map(({ bytes }) => bytes)).size === 1);
    const seconds = (performance.now() - startMs) / 1000;
    const deliveries = count * CLIENTS;
    const cpuSeconds = workerd.cpuSeconds() - cpuBefore;

    latenciesMs.sort((a, b) => a - b);
    const percentile = (/** @type {number} */ p) => latenciesMs[Math.floor(p * (latenciesMs.length - 1))].toFixed(0);
    report(`${CLIENTS} clients, ${updatesPerSecond} updates/s, windowMs ${windowMs}`, {
      "deliveries/s": Math.round(deliveries / seconds),
      "deliveries/CPU-s": Math.round(deliveries / cpuSeconds),
      "p50 ms": percentile(0.5),
      "p99 ms": percentile(0.99),
    });
  });
}

async function measureCrowd() {
  await withEdge({}, async (edge, workerd) => {
    const warm = await connectAll(edge, 10);
    await edge.broadcast("BENCH", anUpdate(1));
    const before = workerd.memoryBytes();
    const crowd = await connectAll(edge, CROWD);
    const perConnection = (workerd.memoryBytes() - before) / CROWD;
    await Promise.all([...warm, ...crowd].map((client) => client.terminate()));
    await until("an empty room", async () => (await edge.broadcast("BENCH", [])).connections === 0, undefined, CONNECT_DEADLINE_MS);

    const startMs = performance.now();
    await connectAll(edge, CROWD, `?after=${anUpdate(1).id}`);
    report(`${CROWD} clients`, {
      "KiB/connection": (perConnection / 1024).toFixed(0),
      "reconnect s": ((performance.now() - startMs) / 1000).toFixed(2),
    });
  });
}

async function measureStalled() {
  const STALLED = 200;
  const POST_UPDATES = 2_500;
  const BYTES = 24 * 1024 * 1024;
  await withEdge({}, async (edge, workerd) => {
    const [reader] = await connectAll(edge, 1);
    let posted = 0;
    const flood = async () => {
      const enoughBytes = reader.bytes + BYTES;
      while (reader.bytes < enoughBytes) {
        const updates = largeUpdates(posted, (posted += POST_UPDATES));
        const bytes = reader.bytes;
        await edge.broadcast("BENCH", updates);
        await until("the reader", () => reader.bytes - bytes > POST_UPDATES * 200, () => reader.bytes - bytes);
      }
    };
    await flood(); // what sending costs without anyone stalled
    await flood();
    const before = workerd.memoryBytes();
    const stalled = await connectAll(edge, STALLED);
    for (const client of stalled) client.pause();
    await flood();
    report(`${STALLED} clients that do not read, 24 MiB sent`, {
      "held back": await edge.probe("BENCH", "stalled"),
      "KiB growth/client": ((workerd.memoryBytes() - before) / STALLED / 1024).toFixed(0),
    });
  });
}

/**
 * @param {Record<string, string>} vars
 * @param {(edge: import("../tests/worker/support/edge.js").Edge, workerd: Process) => Promise<void>} measure
 */
async function withEdge(vars, measure) {
  const edge = await startEdge({ after() {} }, { vars });
  try {
    await measure(edge, new Process(childNamed("workerd")));
  } finally {
    for (const client of openClients.splice(0)) void client.terminate();
    await edge.stop();
  }
}

/** A client that only counts: parsing every frame would measure the client. */
class BenchClient {
  bytes = 0;
  /** @type {((text: string) => void) | null} */
  onFrame = null;
  #socket;

  /** @param {string} url */
  constructor(url) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once("message", () => {
        this.#socket.on("message", (/** @type {Buffer} */ data) => {
          this.bytes += data.length;
          this.onFrame?.(String(data));
        });
        resolve(this);
      });
      this.#socket.once("error", reject);
    });
    openClients.push(this);
  }

  pause() {
    this.#socket.pause();
  }

  terminate() {
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.terminate();
    return closed;
  }
}

/**
 * @param {import("../tests/worker/support/edge.js").Edge} edge
 * @param {number} count
 * @param {string} [query]
 */
async function connectAll(edge, count, query) {
  /** @type {BenchClient[]} */
  const clients = [];
  const connectNext = async () => {
    while (clients.length < count) {
      const client = new BenchClient(edge.socketUrl("BENCH", query));
      clients.push(client);
      await client.connected;
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
  return clients;
}

class Process {
  /** @param {number} pid */
  constructor(pid) {
    this.pid = pid;
  }

  cpuSeconds() {
    const { user, system } = statOf(this.pid);
    return (user + system) / TICKS_PER_SECOND;
  }

  memoryBytes() {
    return Number(readFileSync(`/proc/${this.pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  }
}

/** @param {string} name */
function childNamed(name) {
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    try {
      const { command, parent } = statOf(pid);
      if (command === name && parent === process.pid) return pid;
    } catch {
      // That process has ended since the listing.
    }
  }
  throw new Error(`this process has no child ${name}`);
}

/** What is needed of proc(5) stat. @param {number} pid */
function statOf(pid) {
  const [, command, rest] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const fields = rest.split(" ").map(Number); // from the third of the manual's list
  return { command, parent: fields[1], user: fields[11], system: fields[12] };
}

/** @param {string} what @param {Record<string, string | number>} figures */
function report(what, figures) {
  console.log(`${what}: ${Object.entries(figures).map(([name, value]) => `${name} ${value}`).join(", ")}`);
}

const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
