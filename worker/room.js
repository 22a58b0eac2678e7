/**
 * The room of one token: it receives the token's updates and sends them to every connected client.
 *
 * Its memory is a cache: sockets carry their state in attachments (connection.js), updates are written behind
 * (history.js). The Worker calls `broadcast` and `fetch`. During a deployment one of the two may be a version older, so
 * both only ever gain optional fields, and unknown ones are ignored.
 */

import { DurableObject } from "cloudflare:workers";

import { CLOSE, closeCodeInReplyTo } from "./close.js";
import { Connection } from "./connection.js";
import { framesOf } from "./frames.js";
import { History } from "./history.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { connected, PING, PONG } from "./messages.js";
import { RateLimit } from "./rate.js";
import { settingsOf } from "./settings.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./settings.js").Env} Env */

/** @extends {DurableObject<Env>} */
export class BroadcastRoom extends DurableObject {
  #settings;
  /** @type {History | null} */
  #loadedHistory = null;
  /** @type {Map<WebSocket, Connection> | null} */
  #revivedConnections = null;
  /** Taken, and waiting for the window to end. @type {Update[]} */
  #queue = [];
  #windowIsOpen = false;
  #isWatchingStalled = false;
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

  get #history() {
    return (this.#loadedHistory ??= new History(this.ctx.storage));
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
   * @returns {{connections: number}}
   */
  broadcast({ updates }) {
    const fresh = this.#history.admit(updates, Date.now());
    for (const update of fresh) this.#queue.push(update);
    if (!this.#windowIsOpen) this.#sendQueue();
    // After the sends, which a write would hold back; before the answer, which waits until the note is durable.
    if (fresh.length > 0 && this.#history.markUnsaved()) this.#wakeWithin(LIMITS.saveDelayMs);
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
    const after = searchParams.get("after");
    if (after !== null) this.#catchUp(connection, after);
    else if (this.#history.ring.newest !== null) connection.say(JSON.stringify(this.#history.ring.newest));
    return new Response(null, { status: 101, webSocket: client });
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

  /** Writes behind, and looks after stalled clients. Runs again after a crash, since the alarm is durable. */
  alarm() {
    while (this.#queue.length > 0) this.#send(this.#takeFromQueue());
    this.#isWatchingStalled = false;
    for (const connection of this.#connections.values()) {
      if (connection.stalledAfter !== null) this.#tend(connection);
    }
    this.#history.save(Date.now());
  }

  #sendQueue() {
    const updates = this.#takeFromQueue();
    this.#windowIsOpen = updates.length > 0 && (this.#settings.windowMs > 0 || this.#queue.length > 0);
    if (this.#windowIsOpen) setTimeout(() => this.#sendQueue(), this.#settings.windowMs);
    if (updates.length > 0) this.#send(updates);
  }

  /** No more at once than a replay holds: a socket is written only between events, and a healthy one must not look stalled. */
  #takeFromQueue() {
    return this.#queue.splice(0, LIMITS.replayUpdates);
  }

  /** @param {readonly Update[]} updates */
  #send(updates) {
    const { ring } = this.#history;
    const { lastId, newest: newestBefore } = ring;
    this.#history.append(updates);
    const frames = framesOf(updates, lastId, this.#updatesPerFrame);
    const newestFrames = ring.newest === null || ring.newest === newestBefore ? [] : framesOf([ring.newest], newestBefore?.id ?? "");
    const nowMs = Date.now();
    for (const connection of this.#connections.values()) {
      if (connection.isClosed) continue;
      if (connection.stalledAfter === null) connection.deliver(connection.wantsLatest ? newestFrames : frames, nowMs);
      if (connection.stalledAfter !== null) this.#tend(connection);
    }
  }

  /**
   * Lets a stalled client go on once it has read what it was sent; closes one that does not read at all.
   * @param {Connection} connection
   */
  #tend(connection) {
    const { stalledAfter } = connection;
    if (stalledAfter === null || connection.isClosed) return;
    if (connection.isDrained) this.#catchUp(connection, stalledAfter);
    else if (connection.hasStalledTooLong(Date.now())) {
      log("closed_slow_client", { after: stalledAfter });
      connection.close(CLOSE.TOO_SLOW);
    } else this.#watchStalled();
  }

  /**
   * Sends what `connection` missed since `after`.
   * @param {Connection} connection
   * @param {string} after
   */
  #catchUp(connection, after) {
    const { ring } = this.#history;
    const missed = connection.wantsLatest ? ring.newestSince(after) : ring.since(after);
    connection.deliver(framesOf(missed, after, this.#updatesPerFrame), Date.now());
    if (connection.stalledAfter !== null) this.#watchStalled();
  }

  get #updatesPerFrame() {
    return this.#settings.windowMs === 0 ? 1 : LIMITS.frameUpdates;
  }

  #watchStalled() {
    if (this.#isWatchingStalled) return;
    this.#isWatchingStalled = true;
    this.#wakeWithin(LIMITS.stallCheckMs);
  }

  /**
   * An alarm rather than a timer: it survives eviction and does not keep the object awake.
   * @param {number} delayMs
   */
  #wakeWithin(delayMs) {
    const soonMs = this.#isWatchingStalled ? Math.min(delayMs, LIMITS.stallCheckMs) : delayMs;
    void this.ctx.storage.setAlarm(Date.now() + soonMs);
  }
}

/** @param {string | ArrayBuffer} message */
function isPing(message) {
  if (typeof message !== "string") return false;
  try {
    return JSON.parse(message)?.type === "ping";
  } catch {
    return false;
  }
}
