/**
 * Rounds over the sockets of a room or hub. Each visits the sockets that were there when it was asked for, and ends before the
 * next one begins.
 *
 * A few sockets are visited at once. Many are visited after the current event, so after its answer, some in each task: between
 * tasks the object answers. If one task wrote to all 5,000, the next publisher would wait for it and call the edge down.
 */

import { LIMITS } from "./limits.js";
import { logError } from "./log.js";

/**
 * @template Connection
 * @typedef {object} Round
 * @property {readonly Connection[]} connections
 * @property {(connection: Connection) => boolean} visit
 * @property {(sockets: number) => void} whenDone
 * @property {number} visited
 * @property {number} written
 */

/** @template Connection */
export class Rounds {
  /** @type {Round<Connection>[]} */
  #rounds = [];
  #isScheduled = false;

  /**
   * @param {readonly Connection[]} connections
   * @param {(connection: Connection) => boolean} visit returns whether it wrote to the socket
   * @param {(sockets: number) => void} [whenDone] gets the number of sockets written to
   */
  start(connections, visit, whenDone = () => {}) {
    if (connections.length === 0) return whenDone(0);
    this.#rounds.push({ connections, visit, whenDone, visited: 0, written: 0 });
    if (this.#rounds.length === 1 && !this.#isScheduled && connections.length <= LIMITS.promptSockets) this.#visitSome();
    else this.#scheduleTask();
  }

  #scheduleTask() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      if (this.#rounds.length > 0) this.#visitSome();
    }, 0);
  }

  #visitSome() {
    // The runtime writes to sockets between tasks. What is sent before is buffered, and a healthy client would look stalled.
    this.#scheduleTask();
    const [round] = this.#rounds;
    const { connections, visit, visited } = round;
    for (const connection of connections.slice(visited, visited + LIMITS.socketsPerTask)) {
      try {
        if (visit(connection)) round.written += 1;
      } catch (error) {
        logError("send_failed", error); // the others must be visited all the same
      }
    }
    round.visited += LIMITS.socketsPerTask;
    if (round.visited >= connections.length) {
      this.#rounds.shift();
      round.whenDone(round.written);
    }
  }
}
