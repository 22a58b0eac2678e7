/** Sends a room's updates to its clients, to each at the speed at which it reads. */

import { CLOSE } from "./close.js";
import { framesOf } from "./frames.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { gap } from "./messages.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./update.js").Update} Update */

export class Delivery {
  #history;
  #connections;
  #alarm;
  #updatesPerFrame;
  #token;

  /**
   * @param {object} room
   * @param {import("./history.js").History} room.history
   * @param {ReadonlyMap<WebSocket, Connection>} room.connections
   * @param {import("./alarm.js").Alarm} room.alarm
   * @param {number} room.updatesPerFrame
   * @param {string} room.token
   */
  constructor({ history, connections, alarm, updatesPerFrame, token }) {
    this.#history = history;
    this.#connections = connections;
    this.#alarm = alarm;
    this.#updatesPerFrame = updatesPerFrame;
    this.#token = token;
  }

  /**
   * Appends `updates` to the history and sends them to every client.
   * @param {readonly Update[]} updates
   */
  send(updates) {
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
   * Sends what `connection` missed since `after`.
   * @param {Connection} connection
   * @param {string | null} after null for a new client, which gets the newest price
   */
  catchUp(connection, after) {
    const { ring } = this.#history;
    if (after === null) {
      if (ring.newest !== null) connection.say(JSON.stringify(ring.newest));
      return;
    }
    const missed = connection.wantsLatest ? ring.newestSince(after) : ring.since(after);
    const items = missed.map((item) => (item.type === "GAP" ? gap(this.#token, item.after, item.until) : item));
    connection.deliver(framesOf(items, after, this.#updatesPerFrame), Date.now());
    if (connection.stalledAfter !== null) this.#watchStalled();
  }

  /** Sends GAP to the connected clients because the epoch has ended. A stalled client gets it when it catches up. */
  announceGap() {
    const { lastId } = this.#history.ring;
    if (lastId === "") return;
    const frames = framesOf([gap(this.#token, lastId, null)], lastId);
    for (const connection of this.#connections.values()) {
      if (connection.stalledAfter === null) connection.deliver(frames, Date.now());
    }
  }

  /**
   * The id after which the client must continue on another path; null if it has received no update.
   * @param {Connection} connection
   */
  cursorOf(connection) {
    const { lastId } = this.#history.ring;
    return connection.stalledAfter ?? (lastId === "" ? null : lastId);
  }

  tendStalled() {
    for (const connection of this.#connections.values()) this.#tend(connection);
  }

  /**
   * Continues sending to a stalled client that has read everything sent so far. Closes one that has stalled too long.
   * @param {Connection} connection
   */
  #tend(connection) {
    const { stalledAfter } = connection;
    if (stalledAfter === null || connection.isClosed) return;
    if (connection.isDrained) this.catchUp(connection, stalledAfter);
    else if (connection.hasStalledTooLong(Date.now())) {
      log("closed_slow_client", { after: stalledAfter });
      connection.close(CLOSE.TOO_SLOW);
    } else this.#watchStalled();
  }

  #watchStalled() {
    this.#alarm.wakeBy(Date.now() + LIMITS.stallCheckMs);
  }
}
