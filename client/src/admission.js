/** Gets a socket admitted: shows the app's pass, if one is asked for, and another one before it ends. */

import { asksForAnother } from "./pass.js";
import { ANSWER_MS } from "./rest.js";

/** @typedef {import("./pass.js").Grant} Grant */
/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {import("./scope.js").Scope} Scope */

/** @typedef {"opening" | "asking" | "asking again" | "admitted"} Stage commands may be sent when it is admitted */

/**
 * @typedef {object} Socket
 * @property {(message: object) => void} say
 * @property {(reason: string) => void} fail
 */

const PASS_PART = 0.9; // of a pass's time, after which there is another one at the latest
const JITTER = 0.1;

/** A time that is a random part shorter, so that clients do not all renew together. @param {Scope} scope @param {number} timeMs */
export const early = ({ host }, timeMs) => timeMs * (1 - JITTER * host.random());

export class Admission {
  #pass;
  #scope;
  #socket;
  /** @type {Stage} */
  #stage = "opening";
  /** What the server was shown last. @type {Grant | null} */
  #grant = null;
  #cancelRenewal = () => {};

  /** @param {Pass | null} pass null: none is asked for @param {Scope} scope @param {Socket} socket */
  constructor(pass, scope, socket) {
    this.#pass = pass;
    this.#scope = scope;
    this.#socket = socket;
  }

  get isAdmitted() {
    return this.#stage === "admitted";
  }

  /** The socket is open. */
  ask() {
    if (this.#pass === null) this.#stage = "admitted";
    else void this.#show(this.#pass, "asking");
  }

  /**
   * The server has accepted the pass. Returns in which time there will be another one.
   * @param {number | null} leftMs of the pass; null if that is not known, or it does not end
   * @param {boolean} canRenew whether that is shown to the same socket
   */
  accept(leftMs, canRenew) {
    this.#stage = "admitted";
    this.#cancelRenewal();
    if (leftMs === null) return Infinity;
    const renewInMs = Math.max(ANSWER_MS, early(this.#scope, leftMs * PASS_PART));
    this.#cancelRenewal = this.#scope.later(renewInMs, () => {
      if (this.#pass === null || this.#grant === null) return;
      this.#pass.age(this.#grant);
      if (canRenew) void this.#show(this.#pass, "admitted"); // the one before still holds
    });
    return renewInMs;
  }

  /** The pass is not taken any more. */
  expire() {
    if (this.#grant !== null) this.#pass?.drop(this.#grant);
  }

  /**
   * The server may not have liked the pass. Shows another one in place of one that was refused, but not a third one. Returns whether
   * it has dealt with the error.
   * @param {string | undefined} code
   */
  retry(code) {
    if (this.#pass === null || !asksForAnother(code)) return false;
    const isLast = this.#stage === "asking again";
    this.expire();
    if (code === "TOKEN_EXPIRED") this.#socket.fail(`says ${code}`);
    else if (!isLast) void this.#show(this.#pass, "asking again");
    return code === "TOKEN_EXPIRED" || !isLast;
  }

  /** @param {Pass} pass @param {Stage} stage until the server has answered */
  async #show(pass, stage) {
    this.#stage = stage;
    this.#grant = pass.get();
    try {
      const token = await this.#grant;
      if (!this.#scope.isOver) this.#socket.say({ action: "authorize", token });
    } catch (error) {
      this.#socket.fail(String(error));
    }
  }
}
