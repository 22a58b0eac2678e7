/**
 * The room of one token: a Durable Object that receives the token's updates and sends them to every connected client.
 *
 * Its memory is only a cache. Each socket's state is in its attachment (connection.js). Updates are saved to SQLite
 * (history.js), and so are the mover's orders (move.js). What it lost or missed it reads from the table (healing.js).
 *
 * The Worker calls `fetch` and the methods without a `#`. During a deployment, Worker and room may run different
 * versions. So new fields of these calls are optional, and unknown fields are ignored.
 */

import { DurableObject } from "cloudflare:workers";

import { Alarm } from "./alarm.js";
import { CLOSE, closeCodeInReplyTo } from "./close.js";
import { Connection } from "./connection.js";
import { Delivery } from "./delivery.js";
import { Flow } from "./flow.js";
import { Healing } from "./healing.js";
import { History } from "./history.js";
import { LIMITS } from "./limits.js";
import { log, sampleLog } from "./log.js";
import { connected, isPing, PING, PONG, reportOf, roomState } from "./messages.js";
import { Move } from "./move.js";
import { RateLimit } from "./rate.js";
import { tokenOf } from "./rooms.js";
import { Rounds } from "./rounds.js";
import { Seats } from "./seats.js";
import { settingsOf } from "./settings.js";
import { RoomStore } from "./store.js";
import { readNewest } from "./table.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./settings.js").Env} Env */

/**
 * The parts of a room that depend on its storage.
 * @typedef {object} Parts
 * @property {History} history
 * @property {Move} move
 * @property {Alarm} alarm
 * @property {Delivery} delivery
 * @property {Flow<import("./ring.js").Arrival>} flow
 * @property {Healing} healing
 */

/** @extends {DurableObject<Env>} */
export class BroadcastRoom extends DurableObject {
  #settings;
  /** @type {Parts | null} */
  #loadedParts = null;
  /** @type {Seats<Connection> | null} */
  #revivedSeats = null;
  /** Clients that are greeted when the room has healed, with their cursors. @type {Map<Connection, string | null>} */
  #waiting = new Map();
  /** @type {Rounds<Connection>} */
  #rounds = new Rounds();
  /** @type {RateLimit<WebSocket>} */
  #inbound = new RateLimit(LIMITS.inboundPeriodMs);

  /**
   * Runs on each wake, so it does not read storage.
   * @param {DurableObjectState} ctx
   * @param {Env} env
   */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    sampleLog(this.#settings.logSampling);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Loaded at first use, all together: the alarm must know its time before anyone sets it.
   * @returns {Parts}
   */
  get #parts() {
    if (this.#loadedParts !== null) return this.#loadedParts;
    const store = new RoomStore(this.ctx.storage);
    const history = new History(store);
    const move = new Move(store);
    const alarm = new Alarm(this.ctx.storage, Math.min(move.closeAtMs, this.#seats.firstEndMs));
    // Where an alarm woke the object, the runtime may have forgotten its name (workerd issue 6850).
    const token = tokenOf(this.ctx.id.name ?? "") || (history.ring.newest?.token ?? move.token);
    const { windowMs } = this.#settings;
    const updatesPerFrame = windowMs === 0 ? 1 : LIMITS.frameUpdates;
    const delivery = new Delivery({ history, alarm, seats: this.#seats, rounds: this.#rounds, updatesPerFrame, token });
    const flow = new Flow((sockets) => Math.min(windowMs, LIMITS.pausePerSocketMs * sockets), (arrivals, whenWritten) => delivery.send(arrivals, whenWritten));
    const read = (/** @type {AbortSignal} */ signal) => readNewest(token, this.#settings, signal);
    const healing = new Healing({ history, flow, read, announce: (until) => delivery.announceGap(until) });
    return (this.#loadedParts = { history, move, alarm, delivery, flow, healing });
  }

  get #seats() {
    return (this.#revivedSeats ??= new Seats(
      this.#settings.maxConnections,
      this.ctx.getWebSockets().map((socket) => Connection.revive(socket, this.ctx, this.#settings.maxBufferedBytes)),
    ));
  }

  /**
   * Takes updates from the Worker: admits them, sends them to a few clients, secures them. More than a few are sent to after
   * the answer. Then a crash between answer and sending loses nothing: it drops all sockets, and the clients come back with
   * their cursors.
   * @param {object} message
   * @param {readonly Update[]} message.updates checked, with ids
   * @param {boolean} [message.stored] whether they are in the price table
   * @returns {{connections: number, isAway: boolean}} isAway: the token has moved to the AWS path
   */
  broadcast({ updates, stored = false }) {
    const { history, flow, move, alarm } = this.#parts;
    const nowMs = Date.now();
    this.#heal();
    this.#seats.closeExpired(nowMs);
    this.#seats.sweep(nowMs);
    const arrivals = history.admit(updates, nowMs);
    // Sent before the write, because the runtime holds back every send that follows a write until that is durable.
    flow.push(arrivals);
    history.secure(arrivals, stored, nowMs);
    alarm.wakeBy(history.saveDueMs);
    return { connections: this.#seats.clients, isAway: move.isAway };
  }

  /** Counts the clients that a move would concern. @returns {{connections: number}} */
  census() {
    return { connections: this.#seats.clients };
  }

  /**
   * What the room remembers, for a hub whose clients come with cursors that it does not know. Null while the room reads the
   * table: after that, hubs hear of its state.
   * @returns {import("./ring.js").Past | null}
   */
  recall() {
    const { history, healing } = this.#parts;
    return healing.isRunning ? null : history.ring.past;
  }

  /**
   * The token moves to the AWS path. Tells every client, serves until the grace ends, then closes the remaining clients.
   * @param {import("./move.js").Away} order
   * @returns {{connections: number}}
   */
  moveAway(order) {
    const { move, delivery } = this.#parts;
    if (move.leave(order)) delivery.tell((cursor) => move.message(cursor, Date.now()));
    const { clients } = this.#seats;
    this.#closeMoved();
    return { connections: clients };
  }

  /**
   * The token moves to this room. If the room may have missed updates, it reads the table.
   * @param {import("./move.js").Here} order
   * @returns {{connections: number}}
   */
  moveHere(order) {
    const { move, flow, history, healing } = this.#parts;
    if (move.comeHere(order)) {
      flow.flush(); // these updates belong before those that were missed
      history.noteMissed(Date.now());
      healing.startAfresh(() => this.#greetWaiting());
    } else {
      if (this.#seats.size > 0) healing.lookUp(() => this.#greetWaiting());
      this.#tellHubs(); // that the token stays after all
    }
    return { connections: this.#seats.clients };
  }

  /**
   * Opens a socket. The Worker, or the hub, has checked the client and the parameters.
   * @param {Request} request `?after=<id>&delivery=latest&until=<Unix ms>&colo=<data centre>&network=<address>&hub=<its
   * clients>`, all optional
   */
  async fetch(request) {
    const { alarm } = this.#parts; // loaded before this client has a seat: the alarm is not yet set for it
    const { searchParams } = new URL(request.url);
    const network = searchParams.get("network") ?? "";
    const followers = searchParams.has("hub") ? Number(searchParams.get("hub")) : null;
    this.#seats.sweep(Date.now());
    const isFull = followers === null ? this.#seats.isFull : this.#seats.isFullOfHubs;
    if (isFull || this.#seats.hasEnough(network)) {
      log("seat_refused", { connections: this.#seats.size, is_full: isFull });
      return new Response(null, { status: isFull ? 503 : 429 });
    }
    const wantsLatest = searchParams.get("delivery") === "latest";
    const untilMs = Number(searchParams.get("until") ?? Infinity);
    const { 0: client, 1: server } = new WebSocketPair();
    const connection = Connection.accept(server, this.ctx, this.#settings.maxBufferedBytes, { network, wantsLatest, untilMs, followers });
    this.#seats.take(connection);
    alarm.wakeBy(untilMs);

    connection.say(connected(crypto.randomUUID(), searchParams.get("colo") ?? ""));
    this.#welcome(connection, searchParams.get("after"));
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * @param {Connection} connection
   * @param {string | null} after the cursor that it came with
   */
  #welcome(connection, after) {
    const { move, healing } = this.#parts;
    if (move.isOver(Date.now())) { // the room gets no more updates
      connection.say(move.message(after, Date.now()));
      this.#seats.close(connection, CLOSE.MOVED);
      return;
    }
    healing.startFor(() => this.#greetWaiting());
    if (healing.isRunning) this.#waiting.set(connection, after);
    else this.#greet(connection, after);
  }

  /**
   * @param {Connection} connection
   * @param {string | null} after
   */
  #greet(connection, after) {
    const { move, delivery } = this.#parts;
    delivery.greet(connection, after);
    if (connection.isHub) connection.say(this.#stateForHubs());
    if (move.isAway) connection.say(move.message(connection.stalledAfter ?? delivery.cursor ?? after, Date.now()));
  }

  /** Called when the table was read. */
  #greetWaiting() {
    this.#tellHubs();
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#rounds.start([...waiting.keys()], (connection) => {
      this.#greet(connection, waiting.get(connection) ?? null);
      return true;
    });
  }

  /** Tells the hubs that are greeted of the room's state. */
  #tellHubs() {
    const hubs = this.#seats.all().filter(({ isHub, isGreeted }) => isHub && isGreeted);
    const state = hubs.length > 0 ? this.#stateForHubs() : "";
    this.#rounds.start(hubs, (hub) => {
      hub.say(state);
      return true;
    });
  }

  #stateForHubs() {
    const { ring, isBehind } = this.#parts.history;
    return roomState({ newest: isBehind ? null : ring.newest, isCurrent: !isBehind, isOrdered: ring.isOrdered });
  }

  /** Reads the table if the room is behind, and its clients are not sent elsewhere. */
  #heal() {
    if (!this.#parts.move.isOver(Date.now())) this.#parts.healing.start(() => this.#greetWaiting());
  }

  /**
   * Clients send only pings, and hubs how many clients they have. Pings in the exact spelling of PING do not arrive here. Any
   * message shows that the client is alive.
   * @param {WebSocket} socket
   * @param {string | ArrayBuffer} message
   */
  webSocketMessage(socket, message) {
    const connection = this.#seats.of(socket);
    if (connection === undefined) return;
    connection.acknowledge(Date.now());
    const bytes = typeof message === "string" ? message.length : message.byteLength;
    if (bytes > LIMITS.inboundBytes) this.#seats.close(connection, CLOSE.TOO_LARGE);
    else if (!this.#inbound.allows(socket, LIMITS.inboundMessages, Date.now())) this.#seats.close(connection, CLOSE.TOO_MANY);
    else if (isPing(message)) connection.say(PONG);
    else if (connection.isHub) this.#seats.report(connection, reportOf(message) ?? connection.followers ?? 0);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  webSocketClose(socket, code, reason) {
    this.#seats.leave(socket);
    // Without this call the client waits seconds for its close to be answered (facts/cloudflare.md §4).
    socket.close(closeCodeInReplyTo(code), reason);
  }

  /** @param {WebSocket} socket @param {unknown} error */
  webSocketError(socket, error) {
    this.#seats.leave(socket);
    log("socket_failed", { error: String(error) });
    socket.close(CLOSE.FAILED.code, CLOSE.FAILED.reason);
  }

  /** Saves, looks after stalled clients, closes clients that had to move or may no longer listen. The alarm is durable: it runs after a crash, too. */
  alarm() {
    const { history, delivery, alarm } = this.#parts;
    alarm.rang();
    this.#heal();
    delivery.tendStalled();
    const nowMs = Date.now();
    this.#seats.closeExpired(nowMs);
    if (history.saveDueMs <= nowMs) history.save(nowMs);
    alarm.wakeBy(history.saveDueMs);
    alarm.wakeBy(this.#seats.firstEndMs);
    this.#closeMoved();
  }

  /** Closes the remaining clients if the grace has ended; else sets the alarm for its end. */
  #closeMoved() {
    const { move, alarm } = this.#parts;
    if (!move.isOver(Date.now())) return alarm.wakeBy(move.closeAtMs);
    for (const connection of this.#seats.all()) this.#seats.close(connection, CLOSE.MOVED);
  }
}
