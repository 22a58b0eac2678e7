/**
 * Measures how much one room can carry, in real workerd on this machine:
 * `node bench/room.mjs [publisher|pause|alone|crowd|reset|stalled]`.
 *
 * Our room and a bare one (bare_room.js) are measured in turn, each time in a new workerd; the table has medians. The
 * clients run in another process, so their CPU time and memory are not counted.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { anUpdate, largeUpdates, until } from "../tests/worker/support/edge.js";
import { Clients } from "./clients.mjs";
import { median, percentileOf, row, shown } from "./figures.mjs";
import { KINDS, startProbed } from "./workerd.mjs";

/** @typedef {import("./workerd.mjs").Room} Room */
/** @typedef {Record<string, number>} Figures by what they are and their unit */

const ROUNDS = 3;
const WARM_UP_UPDATES = 50;
const UPDATES = 400;
const CLIENTS = 1_000;
const MOST_SAMPLED_CLIENTS = 20;
const CROWD = 5_000;
const STALLED = 100;
const DEADLINE_MS = 60_000;
const WARM_UP_POSTS = 10;
const POSTS = 100;
const POST_EVERY_MS = 50;

const MEASURES = {
  async publisher() {
    for (const count of [0, 1_000, 2_500, 5_000]) {
      await compare(`a POST every ${POST_EVERY_MS} ms, ${count} clients`, 50, (room, clients) => measurePublisher(room, clients, count));
    }
  },
  async pause() {
    for (const count of [10, 100, CLIENTS, CROWD]) for (const updatesPerSecond of [20, 100]) await compareDeliveries(count, updatesPerSecond, 50);
  },
  async alone() {
    for (const updatesPerSecond of [20, 100]) await compareDeliveries(CLIENTS, updatesPerSecond, 0);
  },
  crowd: () => compare(`${CROWD} clients`, 50, measureCrowd),
  reset: measureReset,
  stalled: () => compare(`${STALLED} clients that do not read, 24 MiB sent`, 1, measureStalled),
};

/**
 * @param {number} count of clients
 * @param {number} updatesPerSecond
 * @param {number} windowMs
 */
function compareDeliveries(count, updatesPerSecond, windowMs) {
  const frames = windowMs === 0 ? "each alone" : `frames of ${windowMs} ms`;
  return compare(`${count} clients, ${updatesPerSecond} updates/s, ${frames}`, windowMs, (room, clients) => measureDeliveries(room, clients, count, updatesPerSecond));
}

/**
 * @param {Room} room
 * @param {Clients} clients
 * @param {number} count of clients
 * @param {number} updatesPerSecond
 */
async function measureDeliveries({ edge, workerd }, clients, count, updatesPerSecond) {
  const connected = await clients.connect(count);
  const sampled = Math.min(count, MOST_SAMPLED_CLIENTS);
  /** @type {Map<string, number>} */
  const postedAtMs = new Map();
  /** @type {number[]} */
  const latenciesMs = [];
  // Spread over all clients, because the room sends to the first client much earlier than to the last.
  for (const client of connected.filter((_, index) => index % (count / sampled) === 0)) {
    client.onId = (id) => latenciesMs.push(performance.now() - (postedAtMs.get(id) ?? NaN));
  }
  let posted = 0;
  const stream = async (/** @type {number} */ updates) => {
    latenciesMs.length = 0;
    const startMs = performance.now();
    const posts = [];
    for (let n = 0; n < updates; n += 1) {
      const update = anUpdate((posted += 1));
      await sleep(Math.max(0, startMs + (n * 1000) / updatesPerSecond - performance.now()));
      postedAtMs.set(update.id, performance.now());
      posts.push(edge.broadcast("BENCH", update));
    }
    await Promise.all(posts);
    await until("every delivery", () => latenciesMs.length === updates * sampled, () => latenciesMs.length, DEADLINE_MS);
    await until("the same bytes at every client", () => new Set(connected.map(({ bytes }) => bytes)).size === 1);
    return (performance.now() - startMs) / 1000;
  };

  await stream(WARM_UP_UPDATES);
  const cpuBefore = workerd.cpuSeconds();
  const seconds = await stream(UPDATES);
  const cpuSeconds = workerd.cpuSeconds() - cpuBefore;

  return {
    "deliveries/s": (UPDATES * count) / seconds,
    "deliveries/CPU-s": (UPDATES * count) / cpuSeconds,
    "p50 ms": percentileOf(latenciesMs, 0.5),
    "p99 ms": percentileOf(latenciesMs, 0.99),
  };
}

/**
 * How long a publisher waits for its answer. It posts one by one, so that a slow answer delays the next post.
 * @param {Room} room
 * @param {Clients} clients
 * @param {number} count of clients
 */
async function measurePublisher({ edge }, clients, count) {
  await clients.connect(count);
  /** @type {number[]} */
  const waitsMs = [];
  for (let n = 0; n < WARM_UP_POSTS + POSTS; n += 1) {
    const startMs = performance.now();
    await edge.broadcast("BENCH", anUpdate(n + 1));
    const waitMs = performance.now() - startMs;
    if (n >= WARM_UP_POSTS) waitsMs.push(waitMs);
    await sleep(Math.max(0, POST_EVERY_MS - waitMs));
  }
  return { "answer p50 ms": percentileOf(waitsMs, 0.5), "answer p99 ms": percentileOf(waitsMs, 0.99), "over 200 ms": waitsMs.filter((ms) => ms > 200).length };
}

/** @param {Room} room @param {Clients} clients */
async function measureCrowd({ edge, workerd }, clients) {
  await clients.connect(10);
  await edge.broadcast("BENCH", anUpdate(1));
  const before = workerd.memoryBytes();
  await clients.connect(CROWD);
  const perConnection = (workerd.memoryBytes() - before) / CROWD;
  await clients.terminate();
  await until("an empty room", async () => (await edge.broadcast("BENCH", [])).connections === 0, undefined, DEADLINE_MS);

  const startMs = performance.now();
  const cpuBefore = workerd.cpuSeconds();
  await clients.connect(CROWD, `?after=${anUpdate(1).id}`);
  return {
    "KiB/connection": perConnection / 1024,
    "reconnect s": (performance.now() - startMs) / 1000,
    "reconnect CPU s": workerd.cpuSeconds() - cpuBefore,
  };
}

/**
 * Resets our room under its clients. All come back at once, each with the id of an update that the room had not saved; the
 * libraries spread this over seconds.
 */
async function measureReset() {
  const updates = [0, 1, 2, 3].map((n) => anUpdate(n));
  const { edge } = await startProbed(50);
  const clients = new Clients(edge);
  edge.rest.prices.set("BENCH", updates);
  try {
    await edge.broadcast("BENCH", updates.slice(0, 2));
    await clients.connect(CROWD);
    await edge.broadcast("BENCH", updates.slice(2));
    await edge.probe("BENCH", "crash");
    await clients.terminate();
    const startMs = performance.now();
    let caughtUp = 0;
    await clients.connect(CROWD, `?after=${updates[1].id}`, (id) => (caughtUp += Number(id === updates[3].id)));
    await until("every client", () => caughtUp === CROWD, () => caughtUp, DEADLINE_MS);
    row(`${CROWD} clients of a room that was reset`, "ours");
    row("---", "---");
    row("all have what they missed, s", shown((performance.now() - startMs) / 1000));
    row("reads of the table", shown(edge.rest.requests.length));
    console.log();
  } finally {
    await clients.terminate();
    await edge.stop();
  }
}

/** @param {Room} room @param {Clients} clients */
async function measureStalled({ edge, workerd }, clients) {
  const POST_UPDATES = 500; // fewer bytes than `maxBufferedBytes`, so that the reader does not look stalled
  const BYTES = 24 * 1024 * 1024;
  const [reader] = await clients.connect(1);
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
  await flood(); // first without stalled clients, so that the memory of sending itself is allocated
  await flood();
  const before = workerd.memoryBytes();
  for (const client of await clients.connect(STALLED)) client.pause();
  await flood();
  return { "KiB growth/client": (workerd.memoryBytes() - before) / STALLED / 1024 };
}

/**
 * Prints the medians of our room and of the bare one.
 * @param {string} title
 * @param {number} windowMs
 * @param {(room: Room, clients: Clients) => Promise<Figures>} measure
 */
async function compare(title, windowMs, measure) {
  /** @type {{ours: Figures[], bare: Figures[]}} */
  const measured = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.bare.push(await onNewRoom(KINDS.bare, windowMs, measure));
    measured.ours.push(await onNewRoom(KINDS.ours, windowMs, measure));
  }
  row(title, "ours", "bare", "ours / bare, in pairs");
  row("---", "---", "---", "---");
  for (const name of Object.keys(measured.ours[0])) {
    const ours = measured.ours.map((figures) => figures[name]);
    const bare = measured.bare.map((figures) => figures[name]);
    const ratios = ours.map((figure, round) => figure / bare[round]);
    row(name, shown(median(ours)), shown(median(bare)), median(ratios).toFixed(2));
  }
  console.log();
}

/**
 * @param {(windowMs: number) => Promise<Room>} start
 * @param {number} windowMs
 * @param {(room: Room, clients: Clients) => Promise<Figures>} measure
 */
async function onNewRoom(start, windowMs, measure) {
  const room = await start(windowMs);
  const clients = new Clients(room.edge);
  try {
    return await measure(room, clients);
  } finally {
    await clients.terminate();
    await room.edge.stop();
  }
}

const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
