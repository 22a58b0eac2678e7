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
  #seats;
  #rounds;
  #alarm;
  #updatesPerFrame;
  #token;

  /**
   * @param {object} room
   * @param {import("./history.js").History} room.history
   * @param {import("./seats.js").Seats<Connection>} room.seats
   * @param {import("./rounds.js").Rounds<Connection>} room.rounds
   * @param {import("./alarm.js").Alarm} room.alarm
   * @param {number} room.updatesPerFrame
   * @param {string} room.token
   */
  constructor({ history, seats, rounds, alarm, updatesPerFrame, token }) {
    this.#history = history;
    this.#seats = seats;
    this.#rounds = rounds;
    this.#alarm = alarm;
    this.#updatesPerFrame = updatesPerFrame;
    this.#token = token;
  }

  /**
   * Appends to the ring, and sends to every client.
   * @param {readonly import("./ring.js").Arrival[]} arrivals
   * @param {(sockets: number) => void} whenWritten
   */
  send(arrivals, whenWritten) {
    const { ring } = this.#history;
    const { lastId, newest: newestBefore } = ring;
    ring.append(arrivals);
    const { newest, end } = ring;
    const frames = framesOf(arrivals.map(({ update }) => update), lastId, this.#updatesPerFrame);
    const newestFrames = newest === null || newest === newestBefore ? [] : framesOf([newest], newestBefore?.id ?? "");
    const nowMs = Date.now();
    this.#rounds.start(this.#seats.all(), (connection) => {
      if (connection.isClosed || connection.reached >= end) return false; // whoever was greeted or caught up since has it
      const own = connection.wantsLatest ? newestFrames : frames;
      if (connection.stalledAfter === null) {
        connection.reached = end;
        connection.deliver(own, nowMs);
      }
      if (connection.stalledAfter !== null) this.#tend(connection);
      return own.length > 0;
    }, whenWritten);
  }

  /**
   * Sends a new client the newest price, or what it missed since `after`.
   * @param {Connection} connection
   * @param {string | null} after
   */
  greet(connection, after) {
    const { ring, isBehind } = this.#history;
    connection.reached = ring.end;
    if (after !== null) this.#catchUp(connection, after);
    else if (isBehind) connection.say(JSON.stringify(gap(this.#token, null, null))); // the newest of before may be old
    else if (ring.newest !== null) connection.say(JSON.stringify(ring.newest));
  }

  /**
   * Tells the clients that updates are missing after the last one. A stalled client hears it when it catches up.
   * @param {string | null} until the first id that follows
   */
  announceGap(until) {
    const { lastId } = this.#history.ring;
    const frames = framesOf([gap(this.#token, lastId === "" ? null : lastId, until)], lastId);
    const nowMs = Date.now();
    this.#rounds.start(this.#seats.all(), (connection) => {
      if (connection.isGreeted && connection.stalledAfter === null) connection.deliver(frames, nowMs);
      return true;
    });
  }

  /**
   * Sends each client a message of its own, after what was sent before.
   * @param {(cursor: string | null) => string} messageFor gets the id after which the client must continue elsewhere; null
   * if it has received no update
   */
  tell(messageFor) {
    const cursor = this.cursor;
    this.#rounds.start(this.#seats.all(), (connection) => {
      if (!connection.isGreeted) return false; // the greeting will tell
      connection.say(messageFor(connection.stalledAfter ?? cursor));
      return true;
    });
  }

  /** The id that a client has which was sent everything; null if there is none. */
  get cursor() {
    const { lastId } = this.#history.ring;
    return lastId === "" ? null : lastId;
  }

  /** Looks after stalled clients. */
  tendStalled() {
    for (const connection of this.#seats.all()) this.#tend(connection);
  }

  /**
   * Continues sending to a stalled client that has read everything sent so far. Closes one that has stalled too long.
   * @param {Connection} connection
   */
  #tend(connection) {
    const { stalledAfter } = connection;
    if (stalledAfter === null || connection.isClosed) return;
    if (connection.isDrained) this.#catchUp(connection, stalledAfter);
    else if (connection.hasStalledTooLong(Date.now())) {
      log("closed_slow_client", { after: stalledAfter });
      this.#seats.close(connection, CLOSE.TOO_SLOW);
    } else this.#watchStalled();
  }

  /**
   * @param {Connection} connection
   * @param {string} after
   */
  #catchUp(connection, after) {
    const { ring } = this.#history;
    const missed = connection.wantsLatest ? ring.newestSince(after) : ring.since(after);
    const items = missed.map((item) => (item.type === "GAP" ? gap(this.#token, item.after, item.until) : item));
    connection.reached = ring.end;
    connection.deliver(framesOf(items, after, this.#updatesPerFrame), Date.now());
    if (connection.stalledAfter !== null) this.#watchStalled();
  }

  #watchStalled() {
    this.#alarm.wakeBy(Date.now() + LIMITS.stallCheckMs);
  }
}
