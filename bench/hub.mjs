/**
 * Measures clients that follow 20 tokens each of 100, in real workerd on this machine: `node bench/hub.mjs [clients …]`.
 *
 * Through hubs, with one socket for each client, and straight from the rooms, with 20. Both in turn, each time in a new
 * workerd. The clients run in another process, so their CPU time and memory are not counted.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { anUpdate, until } from "../tests/worker/support/edge.js";
import { Clients } from "./clients.mjs";
import { startDriven } from "./workerd.mjs";

const TOKENS = Array.from({ length: 100 }, (_, n) => `TOKEN_${n}`);
const TOKENS_PER_CLIENT = 20;
const RATES = [1, 10];
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
const TICK_MS = 50;
const MOST_SAMPLED_CLIENTS = 20;
const DEADLINE_MS = 120_000;

/** @typedef {"hub" | "rooms"} Kind */

/**
 * The tokens of a client: other ones for each, and each token for as many.
 * @param {number} index of the client
 */
const tokensOf = (index) => Array.from({ length: TOKENS_PER_CLIENT }, (_, n) => TOKENS[(index * 7 + n * 5 + (n >> 2)) % TOKENS.length]);

/**
 * @param {Clients} clients
 * @param {Kind} kind
 * @param {number} index
 * @param {((id: string) => void) | null} onId
 */
async function connectOne(clients, kind, index, onId) {
  const tokens = [...new Set(tokensOf(index))];
  if (kind === "rooms") return Promise.all(tokens.map((token) => clients.open(`/ws/${token}`, onId)));
  const client = await clients.open("/live", onId);
  client.say(JSON.stringify({ action: "subscribePrice", subscriptions: tokens.map((token) => ({ token })) }));
  return [client];
}

/**
 * @param {Kind} kind
 * @param {number} count of clients
 */
async function measure(kind, count) {
  const { edge, workerd } = await startDriven(50);
  const clients = new Clients(edge);
  /** @type {Map<string, number>} */
  const postedAtMs = new Map();
  /** @type {number[]} */
  let latenciesMs = [];
  let delivered = 0;
  const note = (/** @type {string} */ id) => latenciesMs.push(performance.now() - (postedAtMs.get(id) ?? NaN));
  let posted = 0;
  /** @param {number} rate of updates/s and token @param {number} seconds */
  const stream = async (rate, seconds) => {
    const startMs = performance.now();
    const total = rate * TOKENS.length * seconds;
    const posts = [];
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.ceil(((performance.now() - startMs) / 1_000) * rate * TOKENS.length));
      const updates = [];
      for (; sent < due; sent += 1) {
        const update = { ...anUpdate((posted += 1)), token: TOKENS[sent % TOKENS.length] };
        postedAtMs.set(update.id, performance.now());
        updates.push(update);
      }
      if (updates.length > 0) posts.push(edge.fetch("/drive", { method: "POST", body: JSON.stringify(updates) }));
      await sleep(TICK_MS);
    }
    await Promise.all(posts);
  };
  try {
    await stream(1, 1); // each token has a price before anybody comes
    const memoryBefore = workerd.memoryBytes();
    const sampled = Math.min(count, MOST_SAMPLED_CLIENTS);
    let wanted = 0;
    for (let index = 0; index < count; index += 1) {
      const isSampled = index % (count / sampled) === 0;
      wanted += Number(isSampled) * new Set(tokensOf(index)).size;
      await connectOne(clients, kind, index, isSampled ? (id) => (delivered += 1, note(id)) : null);
    }
    await until("every opening", () => delivered === wanted, () => `${delivered} of ${wanted}`, DEADLINE_MS);
    const memory = (workerd.memoryBytes() - memoryBefore) / count;
    /** @type {Record<string, number>} */
    const figures = { "KiB/client": memory / 1024 };
    for (const rate of RATES) {
      for (const seconds of [WARM_UP_SECONDS, SECONDS]) {
        latenciesMs = [];
        delivered = 0;
        const cpuBefore = workerd.cpuSeconds();
        await stream(rate, seconds);
        await until("every delivery", () => delivered >= wanted * rate * seconds, () => `${delivered} of ${wanted * rate * seconds}`, DEADLINE_MS);
        const cpuSeconds = workerd.cpuSeconds() - cpuBefore;
        if (seconds !== SECONDS) continue;
        const sorted = latenciesMs.toSorted((a, b) => a - b);
        figures[`updates/CPU-s at ${rate}/s`] = (wanted * (count / sampled) * rate * seconds) / cpuSeconds;
        figures[`p50 ms at ${rate}/s`] = sorted[Math.floor(sorted.length / 2)];
        figures[`p99 ms at ${rate}/s`] = sorted[Math.floor(0.99 * sorted.length)];
      }
    }
    return figures;
  } finally {
    await clients.terminate();
    await edge.stop();
  }
}

/** Prints a row of a table. @param {string[]} cells */
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);

/** @param {number} figure */
const shown = (figure) => figure.toLocaleString("en", { maximumFractionDigits: figure < 10 ? 2 : 0 });

for (const count of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [200, 1_000]) {
  const rooms = await measure("rooms", count);
  const hub = await measure("hub", count);
  row(`${count} clients × ${TOKENS_PER_CLIENT} tokens`, "one socket to a hub", `${TOKENS_PER_CLIENT} sockets to rooms`, "hub / rooms");
  row("---", "---", "---", "---");
  for (const name of Object.keys(hub)) row(name, shown(hub[name]), shown(rooms[name]), (hub[name] / rooms[name]).toFixed(2));
  console.log();
}
