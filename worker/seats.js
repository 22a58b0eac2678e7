/** The open sockets of a room or hub, and who may take another seat. */

import { CLOSE } from "./close.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";

/**
 * What has a seat: a client of a room, a hub in a room, or a client of a hub.
 * @typedef {object} Seated
 * @property {WebSocket} socket
 * @property {string} network
 * @property {number} heardMs
 * @property {number} untilMs Unix time at which it may no longer listen; Infinity: never
 * @property {boolean} isClosed
 * @property {number | null} [followers] the clients behind it, if it is a hub
 * @property {(close: import("./close.js").Close) => void} close
 */

/** @template {Seated} Connection */
export class Seats {
  /** @type {Map<WebSocket, Connection>} */
  #connections = new Map();
  #hubs = 0;
  /** The clients behind the hubs. */
  #followers = 0;
  /** Seats taken per network. @type {Map<string, number>} */
  #networks = new Map();
  #maximum;
  #sweptMs = 0;
  #firstEndMs = Infinity;

  /**
   * @param {number} maximum
   * @param {Iterable<Connection>} connections those of before the hibernation, closed ones too
   */
  constructor(maximum, connections) {
    this.#maximum = maximum;
    for (const connection of connections) if (!connection.isClosed) this.take(connection);
  }

  /** How many sockets are open. One that was closed here does not count, though the runtime keeps it for a while. */
  get size() {
    return this.#connections.size;
  }

  get isFull() {
    return this.size >= this.#maximum;
  }

  /** Unix time at which the first client's access token expires, or an earlier time. Infinity: none does. */
  get firstEndMs() {
    return this.#firstEndMs;
  }

  /** Hubs are let in where clients are not: whom a full room sends away comes back by a hub. */
  get isFullOfHubs() {
    return this.#hubs >= LIMITS.hubSeats;
  }

  /** How many clients hear what is sent: those with a seat, and those that hubs have reported. */
  get clients() {
    return this.size - this.#hubs + this.#followers;
  }

  /** A list of its own: it stays as it is. @returns {Connection[]} */
  all() {
    return [...this.#connections.values()];
  }

  /** @param {WebSocket} socket */
  of(socket) {
    return this.#connections.get(socket);
  }

  /**
   * Whether a network has as many seats as one may have, so that it cannot fill the room alone.
   * @param {string} network "" if it is not known
   */
  hasEnough(network) {
    return network !== "" && this.#seatsOf(network) >= Math.max(1, Math.floor(this.#maximum / LIMITS.networkPart));
  }

  /** @param {Connection} connection */
  take(connection) {
    this.#connections.set(connection.socket, connection);
    this.#countHub(connection, 1);
    this.#networks.set(connection.network, this.#seatsOf(connection.network) + 1);
    this.#firstEndMs = Math.min(this.#firstEndMs, connection.untilMs);
  }

  /** Frees the seat of a socket that is closed or closing. @param {WebSocket} socket */
  leave(socket) {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    this.#connections.delete(socket);
    this.#countHub(connection, -1);
    const left = this.#seatsOf(connection.network) - 1;
    if (left > 0) this.#networks.set(connection.network, left);
    else this.#networks.delete(connection.network);
  }

  /**
   * @param {Connection} connection
   * @param {import("./close.js").Close} close
   */
  close(connection, close) {
    this.leave(connection.socket);
    connection.close(close);
  }

  /**
   * Notes until when a client may stay.
   * @param {Connection} connection
   * @param {number} untilMs
   */
  keepUntil(connection, untilMs) {
    connection.untilMs = untilMs;
    this.#firstEndMs = Math.min(this.#firstEndMs, untilMs);
  }

  /**
   * Closes clients whose access token has expired.
   * @param {number} nowMs
   */
  closeExpired(nowMs) {
    if (nowMs < this.#firstEndMs) return;
    const connections = this.all();
    for (const connection of connections) if (connection.untilMs <= nowMs) this.close(connection, CLOSE.TOKEN_EXPIRED);
    this.#firstEndMs = this.all().reduce((firstMs, { untilMs }) => Math.min(firstMs, untilMs), Infinity);
    log("closed_expired_clients", { connections: connections.length - this.size });
  }

  /**
   * Closes sockets whose client is gone without a close, at most once in LIMITS.sweepMs.
   * @param {number} nowMs
   */
  sweep(nowMs) {
    if (nowMs - this.#sweptMs < LIMITS.sweepMs) return;
    this.#sweptMs = nowMs;
    const silent = this.all().filter((connection) => nowMs - connection.heardMs >= LIMITS.silentMs);
    for (const connection of silent) this.close(connection, CLOSE.SILENT);
    if (silent.length > 0) log("closed_silent_clients", { connections: silent.length });
  }

  /**
   * A hub says how many clients it has.
   * @param {Connection} hub
   * @param {number} followers
   */
  report(hub, followers) {
    this.#countHub(hub, -1);
    hub.followers = followers;
    this.#countHub(hub, 1);
  }

  /** @param {Connection} connection @param {1 | -1} change */
  #countHub({ followers = null }, change) {
    if (followers === null) return;
    this.#hubs += change;
    this.#followers += change * followers;
  }

  /** @param {string} network */
  #seatsOf(network) {
    return this.#networks.get(network) ?? 0;
  }
}
