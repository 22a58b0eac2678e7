/** Starts our rooms, or the bare room, in workerd processes of their own. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { aModule, Edge, NEWEST_WORKERD, PROBE, SECRET, workerModules } from "../tests/worker/support/edge.js";
import { Rest } from "../tests/worker/support/rest.js";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const TICKS_PER_SECOND = 100; // the unit of CPU times in /proc (getconf CLK_TCK)
const PAGE_BYTES = 4096;

const OBJECTS = {
  BROADCAST_ROOM: { className: "BroadcastRoom", useSQLite: true },
  CLIENT_HUB: { className: "ClientHub", useSQLite: true },
};

/** @typedef {Awaited<ReturnType<typeof start>>} Room */

/** Kind of room → the function that starts it, given its window. */
export const KINDS = Object.freeze({ ours: startOurs, bare: startBare });

/** @param {number} windowMs */
export function startOurs(windowMs) {
  return startRooms(workerModules(), windowMs);
}

/** Our rooms with what tests can do to them (tests/worker/support/probe.js). @param {number} windowMs @param {Record<string, string>} [limits] */
export function startProbed(windowMs, limits) {
  return startRooms(workerModules(PROBE), windowMs, limits);
}

/**
 * Rooms in one process and hubs in others, as on Cloudflare, where they are on machines of their own.
 * @param {number} windowMs
 * @param {Record<string, string>} limits
 * @param {number} hubProcesses
 */
export async function startApart(windowMs, limits, hubProcesses) {
  const registry = mkdtempSync(path.join(tmpdir(), "glow-bench-")); // by which the processes find each other
  const rooms = await startRooms(workerModules(), windowMs, limits, { name: "rooms", registry });
  const roomsElsewhere = { ...OBJECTS, BROADCAST_ROOM: { ...OBJECTS.BROADCAST_ROOM, scriptName: "rooms" } };
  /** @type {Room[]} */
  const hubs = [];
  for (let n = 0; n < hubProcesses; n += 1) {
    hubs.push(await startRooms(workerModules(), windowMs, limits, { name: `hubs-${n}`, registry, durableObjects: roomsElsewhere }));
  }
  const all = [...hubs, rooms];
  return {
    rooms: rooms.edge,
    hubs: hubs.map(({ edge }) => edge),
    cpuSeconds: () => all.reduce((sum, { workerd }) => sum + workerd.cpuSeconds(), 0),
    stop: async () => {
      await Promise.all(all.map(({ edge }) => edge.stop()));
      rmSync(registry, { recursive: true });
    },
  };
}

/**
 * @param {ReturnType<typeof workerModules>} modules
 * @param {number} windowMs
 * @param {Record<string, string>} [limits] other than "nearly none"
 * @param {Partial<Worker>} [worker]
 */
async function startRooms(modules, windowMs, limits = { MAX_CONNECTIONS_PER_ROOM: "20000", MAX_CLIENTS_PER_HUB: "20000" }, worker = {}) {
  /** @type {() => Promise<void>} */
  let stopRest = async () => {};
  const rest = await Rest.start({ after: (stop) => (stopRest = stop) });
  const bindings = { WEBHOOK_SECRET: SECRET, ...limits, WINDOW_MS: String(windowMs), REST_API_URL: rest.url, LOG_SAMPLING: "0" };
  return start({ modules, durableObjects: OBJECTS, bindings, ...worker }, rest, stopRest);
}

/** Ours for watchlists, with a way to post many updates at once. @param {number} windowMs */
export function startDriven(windowMs) {
  return startRooms(workerModules(path.join(REPOSITORY, "bench/watchlists/worker.js")), windowMs);
}

/** @param {number} windowMs */
function startBare(windowMs) {
  return start({
    modules: [aModule("ESModule", path.join(REPOSITORY, "bench/bare_room.js"))],
    durableObjects: { ROOM: { className: "BareRoom", useSQLite: true } },
    bindings: { WINDOW_MS: windowMs },
  });
}

/**
 * @typedef {object} Worker
 * @property {ReturnType<typeof workerModules>} modules the main one first
 * @property {Record<string, {className: string, useSQLite: boolean, scriptName?: string}>} durableObjects
 * @property {Record<string, string | number>} bindings
 * @property {string} [name]
 * @property {string} [registry] folder by which Workers of several processes find each other's objects
 */

/**
 * @param {Worker} worker
 * @param {Rest} [rest] the API that the rooms read
 * @param {() => Promise<void>} [stopRest]
 */
async function start({ modules, durableObjects, bindings, name = "bench", registry }, rest, stopRest = async () => {}) {
  process.env.MINIFLARE_WORKERD_PATH = NEWEST_WORKERD;
  const before = children("workerd");
  const flare = new Miniflare({
    name,
    unsafeDevRegistryPath: registry,
    host: "127.0.0.1",
    port: 0,
    // Bypasses miniflare's own Worker, which does not exist on Cloudflare. It would add 37 KiB and half a millisecond to
    // each connection.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    cf: false,
    compatibilityDate: "2026-04-07",
    modulesRoot: REPOSITORY,
    modules,
    durableObjects,
    durableObjectsPersist: false,
    bindings,
  });
  await flare.ready;
  const stop = () => Promise.all([flare.dispose(), stopRest()]).then(() => {});
  const edge = new Edge(await flare.unsafeGetDirectURL(), [], stop, rest);
  const [pid] = children("workerd").filter((child) => !before.includes(child));
  return { edge, workerd: new Process(pid) };
}

/** A process whose CPU time and memory are measured. */
export class Process {
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

/** The ids of this process's children of that name. @param {string} name */
function children(name) {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).map(Number).filter((pid) => {
    try {
      const { command, parent } = statOf(pid);
      return command === name && parent === process.pid;
    } catch {
      return false; // the process has ended since the folder was read
    }
  });
}

/** The needed fields of /proc/<pid>/stat (proc(5)). @param {number} pid */
function statOf(pid) {
  const [, command, rest] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const fields = rest.split(" ").map(Number); // begins with the third field of the manual's list
  return { command, parent: fields[1], user: fields[11], system: fields[12] };
}
