/**
 * The room of one token: it receives the token's updates and sends them to every connected client.
 *
 * Its memory is a cache: sockets carry their state in attachments (connection.js), updates are written behind
 * (history.js), the mover's orders are kept (move.js). The Worker calls `fetch` and the methods without a `#`. During a
 * deployment one of the two may be a version older, so both only ever gain optional fields, and unknown ones are ignored.
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
 * What a room needs to have read from storage.
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
  /** Taken, and waiting for the window to end. @type {Update[]} */
  #queue = [];
  #windowIsOpen = false;
  /** @type {RateLimit<WebSocket>} */
  #inbound = new RateLimit(LIMITS.inboundPeriodMs);

  /**
   * Runs on each wake, so it reads nothing.
   * @param {DurableObjectState} ctx
   * @param {Env} env
   */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Read at once: the alarm must know what it was set for before anything new is asked of it.
   * @returns {Parts}
   */
  get #parts() {
    if (this.#loadedParts !== null) return this.#loadedParts;
    const store = new RoomStore(this.ctx.storage);
    const history = new History(store);
    const move = new Move(store);
    const alarm = new Alarm(this.ctx.storage, move.closeAtMs);
    const updatesPerFrame = this.#settings.windowMs === 0 ? 1 : LIMITS.frameUpdates;
    const delivery = new Delivery({ history, alarm, connections: this.#connections, updatesPerFrame });
    return (this.#loadedParts = { history, move, alarm, delivery });
  }

  get #connections() {
    return (this.#revivedConnections ??= new Map(
      this.ctx.getWebSockets().map((socket) => [socket, Connection.revive(socket, this.ctx, this.#settings.maxBufferedBytes)]),
    ));
  }

  /**
   * Takes updates from the Worker: a lone one leaves at once, those within the window after it together at its end.
   * @param {object} message
   * @param {readonly Update[]} message.updates checked, with ids
   * @returns {{connections: number, isAway: boolean}} isAway: it sends its clients elsewhere, as the mover told it
   */
  broadcast({ updates }) {
    const fresh = this.#parts.history.admit(updates, Date.now());
    for (const update of fresh) this.#queue.push(update);
    if (!this.#windowIsOpen) this.#sendQueue();
    // After the sends, which a write would hold back; before the answer, which waits until the note is durable.
    if (fresh.length > 0 && this.#parts.history.markUnsaved()) this.#parts.alarm.wakeBy(Date.now() + LIMITS.saveDelayMs);
    return { connections: this.#connections.size, isAway: this.#parts.move.isAway };
  }

  /** How many clients a move would concern. @returns {{connections: number}} */
  census() {
    return { connections: this.#connections.size };
  }

  /**
   * The token leaves: tells every client, goes on serving, and closes at the end of the grace whoever is left.
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
   * The token comes here. If updates may have passed the room by, its memory does not join on to what follows: clients hear GAP.
   * @param {import("./move.js").Here} order
   * @returns {{connections: number}}
   */
  moveHere(order) {
    if (this.#parts.move.comeHere(order)) {
      this.#sendWholeQueue(); // what was taken is saved with the epoch that ends
      this.#parts.history.endEpoch(Date.now());
      this.#parts.delivery.announceGap();
    }
    return { connections: this.#connections.size };
  }

  /**
   * Opens a socket. The Worker has checked who asks, and that the parameters are well-formed.
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
   * Behind the grace of a move nothing follows here any more, so nothing is sent but where to go.
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
   * Clients have nothing to say but pings (those of another spelling than PING arrive here); any message is a sign of life.
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
    // Without this call the client's close stays unanswered for seconds (facts/cloudflare.md §4).
    socket.close(closeCodeInReplyTo(code), reason);
  }

  /** @param {WebSocket} socket */
  webSocketError(socket) {
    this.#connections.delete(socket);
  }

  /** Writes behind, looks after stalled clients, closes those that were to move. Runs again after a crash, since the alarm is durable. */
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
    // The first timer runs once the runtime has written what is sent now; the window is counted from there. So a crowd makes
    // frames larger, where it would make the runtime's queues longer (docs/performance.md).
    if (this.#windowIsOpen) setTimeout(() => setTimeout(() => this.#sendQueue(), this.#settings.windowMs), 0);
    if (updates.length > 0) this.#parts.delivery.send(updates);
  }

  #sendWholeQueue() {
    while (this.#queue.length > 0) this.#parts.delivery.send(this.#takeFromQueue());
  }

  /** No more at once than a replay holds: a socket is written only between events, and a healthy one must not look stalled. */
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

  /** Closes whoever has not gone by the end of the grace; until then, sees to it that the room wakes for it. */
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
