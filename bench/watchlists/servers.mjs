/**
 * What can serve watchlists: hubs, a socket for each token, centrifuge, socket.io. Each takes arrays of updates at /updates; here
 * stands what its clients open and say.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Process, startDriven } from "../workerd.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BUILD = fileURLToPath(new URL("../../.build/", import.meta.url));
const WINDOW_MS = 50;
const HAS_GO = spawnSync("go", ["version"]).status === 0; // else centrifuge is not measured

/** @typedef {{path: string, talk?: import("../clients.mjs").Talk}} Socket what a socket opens and says */

/**
 * @typedef {object} Server
 * @property {(path: string) => URL} urlOf
 * @property {(tokens: readonly string[]) => Socket[]} socketsOf the sockets of a client that follows these tokens
 * @property {(updates: object[]) => Promise<void>} post
 * @property {Process} process the one that is measured
 * @property {() => Promise<void>} stop
 */

/** @type {Readonly<Record<string, () => Promise<Server>>>} */
export const SERVERS = Object.freeze({
  "hub": () => startWorker((tokens) => [{ path: "/live", talk: talkOfHub(tokens) }]),
  "a socket a token": () => startWorker((tokens) => tokens.map((token) => ({ path: `/ws/${token}`, talk: { says: [], isReady: hasPrices(1) } }))),
  "socket.io": startSocketIo,
  ...(HAS_GO && { "centrifuge": () => startCentrifuge("0"), "centrifuge, 50 ms": () => startCentrifuge(`${WINDOW_MS}ms`) }),
});

/** @param {Server["socketsOf"]} socketsOf @returns {Promise<Server>} */
async function startWorker(socketsOf) {
  const { edge, workerd } = await startDriven(WINDOW_MS);
  return {
    urlOf: (path) => new URL(path, edge.url),
    socketsOf,
    post: (updates) => postTo(edge.url, updates),
    process: workerd,
    stop: () => edge.stop(),
  };
}

/** @param {string} writeDelay */
function startCentrifuge(writeDelay) {
  mkdirSync(BUILD, { recursive: true });
  const { status, stderr } = spawnSync("go", ["build", "-o", `${BUILD}centrifuge`, "."], { cwd: `${HERE}centrifuge`, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build: ${stderr}`);
  return startProgram(`${BUILD}centrifuge`, ["-write-delay", writeDelay], (tokens) => [{ path: "/connection", talk: talkOfCentrifuge(tokens) }]);
}

function startSocketIo() {
  return startProgram(process.execPath, [`${HERE}socket_io.mjs`], (tokens) => [{ path: "/socket.io/?EIO=4&transport=websocket", talk: talkOfSocketIo(tokens) }]);
}

/** @param {URL} origin @param {object[]} updates */
async function postTo(origin, updates) {
  const response = await fetch(new URL("/updates", origin), { method: "POST", body: JSON.stringify(updates) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
}

/** Whether the newest prices of so many tokens have come. @param {number} tokens @returns {(text: string) => boolean} */
const hasPrices = (tokens) => (text) => text.split('"id":"').length > tokens;

const OPEN = /\r\n\r\n/;

/** @param {readonly string[]} tokens */
export function talkOfHub(tokens) {
  const text = JSON.stringify({ action: "subscribePrice", subscriptions: tokens.map((token) => ({ token })) });
  return { says: [{ when: OPEN, text }], isReady: hasPrices(tokens.length) };
}

/** @param {readonly string[]} tokens */
function talkOfCentrifuge(tokens) {
  const commands = [{ id: 1, connect: {} }, ...tokens.map((channel, index) => ({ id: index + 2, subscribe: { channel } }))];
  const text = commands.map((command) => JSON.stringify(command)).join("\n");
  return { says: [{ when: OPEN, text }], isReady: (text) => text.includes(`"id":${tokens.length + 1},`) };
}

/** Numbers of engine.io and socket.io: 0 opened, 40 connect, 42 event, 420 event 0 that is answered, 430 its answer. @param {readonly string[]} tokens */
function talkOfSocketIo(tokens) {
  const says = [
    { when: /0\{"sid"/, text: "40" },
    { when: /40\{"sid"/, text: `420${JSON.stringify(["subscribe", tokens])}` },
  ];
  return { says, isReady: (text) => text.includes("430[") };
}

/**
 * @param {string} command it prints its port
 * @param {string[]} args
 * @param {Server["socketsOf"]} socketsOf
 * @returns {Promise<Server>}
 */
async function startProgram(command, args, socketsOf) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  const origin = `http://127.0.0.1:${port}`;
  return {
    urlOf: (path) => new URL(path, origin),
    socketsOf,
    post: (updates) => postTo(new URL(origin), updates),
    process: new Process(/** @type {number} */ (child.pid)),
    async stop() {
      child.kill();
      await once(child, "exit");
    },
  };
}
