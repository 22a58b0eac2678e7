/** Clients that follow 20 of 100 tokens each: what one update costs the server that brings it to them. */

import { setTimeout as sleep } from "node:timers/promises";

import { anUpdate, until } from "../../tests/worker/support/edge.js";
import { BenchClient } from "../clients.mjs";
import { percentileOf } from "../figures.mjs";

const TOKENS = Array.from({ length: 100 }, (_, n) => `TOKEN${n}`);
const TOKENS_PER_CLIENT = 20;
const SAMPLED_CLIENTS = 20;
const OPENING_AT_ONCE = 50;
const WARM_UP_SECONDS = 2;
const SECONDS = 5;
const DEADLINE_MS = 120_000;

/** @typedef {import("./servers.mjs").Server} Server */

/**
 * @param {Server} server
 * @param {number} clients
 * @param {number} updatesPerSecond of each token
 * @param {number} everyMs what is due is posted
 */
export async function measureWatchlists(server, clients, updatesPerSecond, everyMs) {
  let posted = TOKENS.length;
  await server.post(TOKENS.map((token, n) => ({ ...anUpdate(n), token }))); // so that each client is greeted with 20 prices
  const before = server.process.memoryBytes();
  const sockets = await open(server, clients);
  const memoryBytes = server.process.memoryBytes() - before;
  try {
    /** @type {Map<string, number>} */
    const postedAtMs = new Map();
    /** @type {number[]} */
    const latenciesMs = [];
    const sampled = sockets.filter((_, client) => client % (clients / SAMPLED_CLIENTS) === 0);
    for (const socket of sampled.flat()) socket.onId = (id) => latenciesMs.push(performance.now() - (postedAtMs.get(id) ?? NaN));

    const next = () => {
      const update = { ...anUpdate((posted += 1)), token: TOKENS[posted % TOKENS.length] };
      postedAtMs.set(update.id, performance.now());
      return update;
    };
    const stream = async (/** @type {number} */ seconds) => {
      latenciesMs.length = 0;
      const total = seconds * updatesPerSecond * TOKENS.length;
      const startMs = performance.now();
      const posts = [];
      for (let sent = 0; sent < total; ) {
        const due = Math.min(total, Math.ceil((((performance.now() - startMs) * updatesPerSecond) / 1_000) * TOKENS.length));
        const updates = [];
        for (; sent < due; sent += 1) updates.push(next());
        if (updates.length > 0) posts.push(server.post(updates));
        await sleep(everyMs);
      }
      await Promise.all(posts);
      const expected = seconds * updatesPerSecond * TOKENS_PER_CLIENT * SAMPLED_CLIENTS;
      await until("every delivery", () => latenciesMs.length === expected, () => `${latenciesMs.length} of ${expected}`, DEADLINE_MS);
    };
    await stream(WARM_UP_SECONDS);
    const cpuBefore = server.process.cpuSeconds();
    await stream(SECONDS);
    const cpuSeconds = server.process.cpuSeconds() - cpuBefore;
    const deliveries = SECONDS * updatesPerSecond * TOKENS_PER_CLIENT * clients;
    return {
      "deliveries/CPU-s": deliveries / cpuSeconds,
      "p50 ms": percentileOf(latenciesMs, 0.5),
      "p99 ms": percentileOf(latenciesMs, 0.99),
      "KiB/client": memoryBytes / clients / 1024,
    };
  } finally {
    await Promise.all(sockets.flat().map((socket) => socket.terminate()));
  }
}

/** Each client's sockets. @param {Server} server @param {number} clients */
async function open(server, clients) {
  /** @type {BenchClient[][]} */
  const opened = [];
  const openNext = async () => {
    while (opened.length < clients) {
      const client = opened.length;
      const tokens = Array.from({ length: TOKENS_PER_CLIENT }, (_, n) => TOKENS[(client + n * (TOKENS.length / TOKENS_PER_CLIENT)) % TOKENS.length]);
      const sockets = server.socketsOf(tokens).map(({ path, talk }) => new BenchClient(server.urlOf(path), talk));
      opened.push(sockets);
      await Promise.all(sockets.map(({ connected }) => connected));
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openNext));
  return opened;
}
