/**
 * Measures one token over a room and hubs, and a hub's end, in real workerd on this machine: `node bench/hubs.mjs [crowd|killed]`.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { WebSocket } from "ws";

import { connect } from "../client/glow.js";
import { Stack } from "../tests/client/stack.js";
import { anUpdate, until } from "../tests/worker/support/edge.js";
import { BenchClient } from "./clients.mjs";
import { median, percentileOf, row, shown } from "./figures.mjs";
import { talkOfHub } from "./watchlists/servers.mjs";
import { startApart, startProbed } from "./workerd.mjs";

const TOKEN = "SOL";
const WINDOW_MS = 50;
const ROUNDS = 3;
const DEADLINE_MS = 300_000;
const OPENING_AT_ONCE = 50;

/**
 * One room as config has it by default, and the others in hubs. Several processes: workerd opens two or three files for a
 * socket, of which a process of this machine may have 20,000.
 */
const CROWD = 10_000;
const IN_ROOM = 2_000;
const HUB_PROCESSES = 4;
const LIMITS = { MAX_CONNECTIONS_PER_ROOM: "2000", MAX_CLIENTS_PER_HUB: "1000" };
const UPDATES_PER_SECOND = 1; // all processes and the clients share this machine's cores
const WARM_UP_UPDATES = 5;
const UPDATES = 30;

const FEEDS = 5_000;
const MISSED_UPDATES = 10;

const MEASURES = {
  crowd: () => show(`${CROWD} clients on one token, ${IN_ROOM} in its room and the others in hubs, ${UPDATES_PER_SECOND} update/s`, measureCrowd),
  killed: () => show(`${FEEDS} clients of the library on a hub that is killed`, measureKilled),
};

async function measureCrowd() {
  const edge = await startApart(WINDOW_MS, LIMITS, HUB_PROCESSES);
  /** @type {BenchClient[]} */
  const clients = [];
  try {
    await edge.rooms.broadcast(TOKEN, anUpdate(0)); // so that each is greeted with a price
    await inTurns(CROWD, async (n) => {
      const hub = new URL("/live", edge.hubs[n % HUB_PROCESSES].url);
      const client = n < IN_ROOM ? new BenchClient(new URL(edge.rooms.socketUrl(TOKEN))) : new BenchClient(hub, talkOfHub([TOKEN]));
      clients.push(client);
      await client.connected;
    });
    let heard = 0;
    /** @type {number[]} */
    const latenciesMs = [];
    /** @type {Map<string, number>} */
    const postedAtMs = new Map();
    for (const client of clients) {
      client.onId = (id) => {
        heard += 1;
        latenciesMs.push(performance.now() - (postedAtMs.get(id) ?? NaN));
      };
    }
    let posted = 0;
    const stream = async (/** @type {number} */ updates) => {
      heard = latenciesMs.length = 0;
      const startMs = performance.now();
      for (let n = 0; n < updates; n += 1) {
        await sleep(Math.max(0, startMs + (n * 1_000) / UPDATES_PER_SECOND - performance.now()));
        const update = anUpdate((posted += 1));
        postedAtMs.set(update.id, performance.now());
        await edge.rooms.broadcast(TOKEN, update);
      }
      await until("every delivery", () => heard >= updates * CROWD, () => `${heard} of ${updates * CROWD}`, DEADLINE_MS);
    };
    await stream(WARM_UP_UPDATES);
    const cpuBefore = edge.cpuSeconds();
    await stream(UPDATES);
    const cpuSeconds = edge.cpuSeconds() - cpuBefore;
    // Hubs report how many clients they have every ten seconds.
    const connections = async () => (await edge.rooms.broadcast(TOKEN, [])).connections;
    await until("every client to be counted", async () => (await connections()) === CROWD, connections, DEADLINE_MS);
    return {
      "lost or twice": Math.abs(UPDATES * CROWD - heard),
      "deliveries/CPU-s": (UPDATES * CROWD) / cpuSeconds,
      "p50 ms": percentileOf(latenciesMs, 0.5),
      "p99 ms": percentileOf(latenciesMs, 0.99),
      "`connections`": await connections(),
    };
  } finally {
    await Promise.all(clients.map((client) => client.terminate()));
    await edge.stop();
  }
}

async function measureKilled() {
  const { edge } = await startProbed(WINDOW_MS, { MAX_CLIENTS_PER_HUB: String(FEEDS) });
  const stack = Object.assign(new Stack(), { nowMs: Date.now, elsewhere: { edge: edge.socketUrl(TOKEN) }, liveElsewhere: { edge: new URL("/live", edge.url.href.replace("http", "ws")).href } });
  await stack.listen();
  const updates = Array.from({ length: 2 * MISSED_UPDATES }, (_, n) => ({ ...anUpdate(n + 1), token: TOKEN }));
  edge.rest.prices.set(TOKEN, updates);
  stack.take(updates, []);
  /** By client, the ids that it was given. @type {string[][]} */
  const heard = Array.from({ length: FEEDS }, () => []);
  /** @type {import("../client/glow.js").Feed[]} */
  const feeds = [];
  try {
    await edge.broadcast(TOKEN, updates[0]);
    await inTurns(FEEDS, async (n) => {
      const feed = connect({ api: stack.url, WebSocket });
      feeds.push(feed);
      feed.subscribe(TOKEN, { onPrice: ({ id }) => void heard[n].push(id) });
      await until("its first price", () => heard[n].length > 0, undefined, DEADLINE_MS);
    });
    await edge.broadcast(TOKEN, updates.slice(1, MISSED_UPDATES));
    await until("every client to be served", () => heard.every((ids) => ids.length === MISSED_UPDATES), undefined, DEADLINE_MS);

    const requestsBefore = stack.requests.length;
    const startMs = performance.now();
    await edge.probe("0", "crashHub");
    await edge.broadcast(TOKEN, updates.slice(MISSED_UPDATES)); // nobody of them is there
    const rest = () => heard.filter((ids) => ids.length < updates.length).length;
    await until("every client to be back", () => rest() === 0, rest, DEADLINE_MS);
    const seconds = (performance.now() - startMs) / 1_000;
    const requests = stack.requests.slice(requestsBefore);
    return {
      "back with all that they missed, s": seconds,
      "lost or twice": heard.filter((ids) => new Set(ids).size !== updates.length || ids.length !== updates.length).length,
      "/connect requests": requests.filter((url) => url.startsWith("/connect")).length,
      "/prices requests of clients": requests.filter((url) => url.includes("/prices")).length,
      "/prices requests of rooms": edge.rest.requests.length,
    };
  } finally {
    for (const feed of feeds) feed.close();
    await stack.stop();
    await edge.stop();
  }
}

/** Calls `act` with each number below `count`, a few at a time. @param {number} count @param {(n: number) => Promise<void>} act */
async function inTurns(count, act) {
  let started = 0;
  const next = async () => {
    while (started < count) await act(started++);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, next));
}

/** Prints the medians. @param {string} title @param {() => Promise<Record<string, number>>} measure */
async function show(title, measure) {
  /** @type {Record<string, number>[]} */
  const measured = [];
  for (let round = 0; round < ROUNDS; round += 1) measured.push(await measure());
  row(title, "ours");
  row("---", "---");
  for (const name of Object.keys(measured[0])) row(name, shown(median(measured.map((figures) => figures[name]))));
  console.log();
}

const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
