/**
 * The room of one token: a Durable Object that receives the token's updates and sends them to every connected client.
 *
 * Its memory is only a cache. Each socket's state is in its attachment (connection.js). Updates are saved to SQLite
 * (history.js), and so are the mover's orders (move.js).
 *
 * The Worker calls `fetch` and the methods without a `#`. During a deployment, Worker and room may run different
 * versions. So new fields of these calls are optional, and unknown fields are ignored.
 */

import { DurableObject } from "cloudflare:workers";

import { Alarm } from "./alarm.js";
import { CLOSE, closeCodeInReplyTo } from "./close.js";
import { Connection } from "./connection.js";
import { Delivery } from "./delivery.js";
import { History } from "./history.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { connected, isPing, PING, PONG } from "./messages.js";
import { Move } from "./move.js";
import { RateLimit } from "./rate.js";
import { settingsOf } from "./settings.js";
import { RoomStore } from "./store.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./settings.js").Env} Env */

/**
 * The parts of a room that depend on its storage.
 * @typedef {object} Parts
 * @property {History} history
 * @property {Move} move
 * @property {Alarm} alarm
 * @property {Delivery} delivery
 */

/** @extends {DurableObject<Env>} */
export class BroadcastRoom extends DurableObject {
  #settings;
  /** @type {Parts | null} */
  #loadedParts = null;
  /** @type {Map<WebSocket, Connection> | null} */
  #revivedConnections = null;
  /** Updates that wait for the window to end. @type {Update[]} */
  #queue = [];
  #windowIsOpen = false;
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
    const alarm = new Alarm(this.ctx.storage, move.closeAtMs);
    const updatesPerFrame = this.#settings.windowMs === 0 ? 1 : LIMITS.frameUpdates;
    // Where an alarm woke an old object, the runtime may have forgotten its name (workerd issue 6850).
    const token = this.ctx.id.name ?? history.ring.newest?.token ?? move.token;
    const delivery = new Delivery({ history, alarm, connections: this.#connections, updatesPerFrame, token });
    return (this.#loadedParts = { history, move, alarm, delivery });
  }

  get #connections() {
    return (this.#revivedConnections ??= new Map(
      this.ctx.getWebSockets().map((socket) => [socket, Connection.revive(socket, this.ctx, this.#settings.maxBufferedBytes)]),
    ));
  }

  /**
   * Takes updates from the Worker. The first update is sent at once. Updates that arrive within the window after it are
   * sent together when the window ends.
   * @param {object} message
   * @param {readonly Update[]} message.updates checked, with ids
   * @returns {{connections: number, isAway: boolean}} isAway: the token has moved to the AWS path
   */
  broadcast({ updates }) {
    const fresh = this.#parts.history.admit(updates, Date.now());
    for (const update of fresh) this.#queue.push(update);
    if (!this.#windowIsOpen) this.#sendQueue();
    // After the sends, because a write would delay them. Before the answer, because the runtime holds the answer back
    // until the mark is durable.
    if (fresh.length > 0 && this.#parts.history.markUnsaved()) this.#parts.alarm.wakeBy(Date.now() + LIMITS.saveDelayMs);
    return { connections: this.#connections.size, isAway: this.#parts.move.isAway };
  }

  /** Counts the clients that a move would concern. @returns {{connections: number}} */
  census() {
    return { connections: this.#connections.size };
  }

  /**
   * The token moves to the AWS path. Tells every client, serves until the grace ends, then closes the remaining clients.
   * @param {import("./move.js").Away} order
   * @returns {{connections: number}}
   */
  moveAway(order) {
    if (this.#parts.move.leave(order)) {
      for (const connection of this.#connections.values()) this.#sayMoved(connection, this.#parts.delivery.cursorOf(connection));
    }
    this.#closeMoved();
    return { connections: this.#connections.size };
  }

  /**
   * The token moves to this room. If the room may have missed updates, its clients get a GAP.
   * @param {import("./move.js").Here} order
   * @returns {{connections: number}}
   */
  moveHere(order) {
    if (this.#parts.move.comeHere(order)) {
      this.#sendWholeQueue(); // these updates belong to the old epoch
      this.#parts.history.endEpoch(Date.now());
      this.#parts.delivery.announceGap();
    }
    return { connections: this.#connections.size };
  }

  /**
   * Opens a socket. The Worker has checked the client and the parameters.
   * @param {Request} request `?after=<id>&delivery=latest&colo=<data centre>`, all optional
   */
  async fetch(request) {
    if (this.#connections.size >= this.#settings.maxConnections) {
      log("room_full", { connections: this.#connections.size });
      return new Response(null, { status: 503 });
    }
    const { searchParams } = new URL(request.url);
    const id = crypto.randomUUID();
    const wantsLatest = searchParams.get("delivery") === "latest";
    const { 0: client, 1: server } = new WebSocketPair();
    const connection = Connection.accept(server, this.ctx, this.#settings.maxBufferedBytes, { id, wantsLatest });
    this.#connections.set(server, connection);

    connection.say(connected(id, searchParams.get("colo") ?? ""));
    this.#greet(connection, searchParams.get("after"));
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * Sends a new client its first messages. After the grace of a move the room has no more updates, so the client gets
   * only MOVED.
   * @param {Connection} connection
   * @param {string | null} after the cursor that it came with
   */
  #greet(connection, after) {
    if (this.#parts.move.isOver(Date.now())) {
      this.#sayMoved(connection, after);
      connection.close(CLOSE.MOVED);
      return;
    }
    this.#parts.delivery.catchUp(connection, after);
    if (this.#parts.move.isAway) this.#sayMoved(connection, this.#parts.delivery.cursorOf(connection) ?? after);
  }

  /**
   * Clients send only pings. Those in the exact spelling of PING do not arrive here. Any message shows that the client
   * is alive.
   * @param {WebSocket} socket
   * @param {string | ArrayBuffer} message
   */
  webSocketMessage(socket, message) {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.isClosed) return;
    connection.acknowledge();
    const bytes = typeof message === "string" ? message.length : message.byteLength;
    if (bytes > LIMITS.inboundBytes) connection.close(CLOSE.TOO_LARGE);
    else if (!this.#inbound.allows(socket, LIMITS.inboundMessages, Date.now())) connection.close(CLOSE.TOO_MANY);
    else if (isPing(message)) connection.say(PONG);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  webSocketClose(socket, code, reason) {
    this.#connections.delete(socket);
    // Without this call the client waits seconds for its close to be answered (facts/cloudflare.md §4).
    socket.close(closeCodeInReplyTo(code), reason);
  }

  /** @param {WebSocket} socket */
  webSocketError(socket) {
    this.#connections.delete(socket);
  }

  /** Saves, looks after stalled clients, closes clients that had to move. The alarm is durable: it runs after a crash, too. */
  alarm() {
    this.#parts.alarm.rang();
    this.#sendWholeQueue();
    this.#parts.delivery.tendStalled();
    this.#parts.history.save(Date.now());
    this.#closeMoved();
  }

  #sendQueue() {
    const updates = this.#takeFromQueue();
    this.#windowIsOpen = updates.length > 0 && (this.#settings.windowMs > 0 || this.#queue.length > 0);
    // The first timer fires when the runtime has written the frames that are sent now, and the window begins there. So
    // with many clients frames get larger instead of the runtime's queues getting longer (docs/performance.md).
    if (this.#windowIsOpen) setTimeout(() => setTimeout(() => this.#sendQueue(), this.#settings.windowMs), 0);
    if (updates.length > 0) this.#parts.delivery.send(updates);
  }

  #sendWholeQueue() {
    while (this.#queue.length > 0) this.#parts.delivery.send(this.#takeFromQueue());
  }

  /**
   * Takes no more at once than a replay may hold. The runtime writes to sockets only between events, so with more a
   * healthy client would look stalled.
   */
  #takeFromQueue() {
    return this.#queue.splice(0, LIMITS.replayUpdates);
  }

  /**
   * @param {Connection} connection
   * @param {string | null} after its cursor
   */
  #sayMoved(connection, after) {
    connection.say(this.#parts.move.message(after, Date.now()));
  }

  /** Closes the remaining clients if the grace has ended; else sets the alarm for its end. */
  #closeMoved() {
    if (!this.#parts.move.isOver(Date.now())) {
      this.#parts.alarm.wakeBy(this.#parts.move.closeAtMs);
      return;
    }
    for (const connection of this.#connections.values()) {
      if (!connection.isClosed) connection.close(CLOSE.MOVED);
    }
  }
}
