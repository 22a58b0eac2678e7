/** Sends what a room remembers to its clients, to each as fast as it reads. */

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

  /**
   * @param {object} room
   * @param {import("./history.js").History} room.history
   * @param {ReadonlyMap<WebSocket, Connection>} room.connections
   * @param {import("./alarm.js").Alarm} room.alarm
   * @param {number} room.updatesPerFrame
   */
  constructor({ history, connections, alarm, updatesPerFrame }) {
    this.#history = history;
    this.#connections = connections;
    this.#alarm = alarm;
    this.#updatesPerFrame = updatesPerFrame;
  }

  /**
   * Sends `updates` to every client, and has them remembered.
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
   * Sends what `connection` missed since `after`; to a client that was never here, the newest price.
   * @param {Connection} connection
   * @param {string | null} after
   */
  catchUp(connection, after) {
    const { ring } = this.#history;
    if (after === null) {
      if (ring.newest !== null) connection.say(JSON.stringify(ring.newest));
      return;
    }
    const missed = connection.wantsLatest ? ring.newestSince(after) : ring.since(after);
    connection.deliver(framesOf(missed, after, this.#updatesPerFrame), Date.now());
    if (connection.stalledAfter !== null) this.#watchStalled();
  }

  /** The epoch has ended: tells those who listened through it. A stalled client hears it when it goes on. */
  announceGap() {
    const { lastId } = this.#history.ring;
    if (lastId === "") return;
    const frames = framesOf([gap(lastId, null)], lastId);
    for (const connection of this.#connections.values()) {
      if (connection.stalledAfter === null) connection.deliver(frames, Date.now());
    }
  }

  /**
   * The id after which a client would go on elsewhere; null if it was sent nothing that has one.
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
   * Lets a stalled client go on once it has read what it was sent; closes one that does not read at all.
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
