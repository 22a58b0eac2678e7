/** `/workers/scripts/:script/tails`: what a Worker prints, over a WebSocket, as Cloudflare forwards it. Not stored. */

import { randomBytes } from "node:crypto";

import { WebSocketServer } from "ws";

import { ApiError } from "./errors.mjs";
import { named } from "./workers.mjs";

/**
 * @typedef {import("./cloud.mjs").Cloud} Cloud
 * @typedef {import("./http.mjs").Request} Request
 * @typedef {import("ws").WebSocket} WebSocket
 */

const PROTOCOL = "trace-v1";
const LIFE_MS = 6 * 60 * 60 * 1000;

/** The open tails of the account. miniflare does not say which Worker printed a line, so each tail hears all. */
export class Tails {
  /** Where the server answers, `ws://host:port`; known once it listens. */
  origin = "";
  #server = new WebSocketServer({ noServer: true, handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL });
  /** @type {Map<string, {script: string, socket: WebSocket | null}>} */
  #tails = new Map();

  /** @param {string} script */
  open(script) {
    const id = randomBytes(16).toString("hex");
    this.#tails.set(id, { script, socket: null });
    return { id, url: `${this.origin}/tails/${id}`, expires_at: new Date(Date.now() + LIFE_MS).toISOString() };
  }

  /** @param {string} id */
  end(id) {
    this.#tails.get(id)?.socket?.close();
    if (!this.#tails.delete(id)) throw new ApiError("NOT_FOUND", `This tail does not exist: ${id}`);
  }

  /**
   * Takes a line that a Worker printed.
   * @param {string} line
   * @param {"log" | "error"} level
   */
  print(line, level) {
    const now = Date.now();
    for (const { script, socket } of this.#tails.values()) {
      const logs = [{ message: [line], level, timestamp: now }];
      socket?.send(JSON.stringify({ scriptName: script, outcome: "ok", eventTimestamp: now, event: null, exceptions: [], logs }));
    }
  }

  /**
   * Opens the socket of a tail.
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:stream").Duplex} socket
   * @param {Buffer} head
   */
  upgrade(request, socket, head) {
    const tail = this.#tails.get((request.url ?? "").replace("/tails/", ""));
    if (tail === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => (tail.socket = opened));
  }
}

/** @param {Cloud} cloud @param {Request} request */
export const create = (cloud, { params }) => cloud.tails.open(named(cloud.state, params.script).name);

/** @param {Cloud} cloud @param {Request} request */
export function remove(cloud, { params }) {
  cloud.tails.end(params.tail);
  return null;
}
