/** One client of a hub: its socket, the tokens that it follows, and how far it has been served. */

import { packed } from "./frames.js";
import { LIMITS } from "./limits.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./frames.js").Item & {number: number}} Numbered */

/**
 * A token that a client follows.
 * @typedef {object} Subscription
 * @property {HubClient} client
 * @property {string} token
 * @property {string | null} after the cursor that it came with
 * @property {"all" | "latest"} delivery
 * @property {boolean} isList whether it was one of a list
 * @property {number} since it is sent entries with higher numbers; Infinity until it is greeted
 */

export class HubClient {
  socket;
  network;
  /** By token. @type {Map<string, Subscription>} */
  subscriptions = new Map();
  /** Subscriptions that can be greeted. @type {Set<Subscription>} */
  ready = new Set();
  heardMs = Date.now();
  /** What it may hear; null: it has not shown yet. @type {import("./claims.js").Claims | null} */
  claims = null;
  /** Unix time at which it is closed unless it shows another access token. */
  untilMs = Infinity;
  isClosed = false;
  /** What the next round sends. @type {Numbered[]} */
  #pending = [];
  /** The number up to which it is served, and since when. @type {{reached: number, sinceMs: number} | null} */
  #stall = null;
  #outbox;
  #updatesPerFrame;

  /**
   * @param {WebSocket} socket one that is accepted
   * @param {string} network "" if it is not known
   * @param {Pick<import("./settings.js").Settings, "maxBufferedBytes" | "windowMs">} settings
   */
  constructor(socket, network, { maxBufferedBytes, windowMs }) {
    this.socket = socket;
    this.network = network;
    this.#outbox = new Outbox(socket, maxBufferedBytes, () => 0);
    this.#updatesPerFrame = windowMs === 0 ? 1 : LIMITS.frameUpdates;
  }

  get isStalled() {
    return this.#stall !== null;
  }

  /** Where sending to a stalled client stopped. */
  get reached() {
    return this.#stall?.reached ?? Infinity;
  }

  get isFull() {
    return this.#outbox.isFull;
  }

  get isDrained() {
    return this.#outbox.isDrained;
  }

  /** @param {number} nowMs */
  hasStalledTooLong(nowMs) {
    return this.#stall !== null && nowMs - this.#stall.sinceMs >= LIMITS.stallMs;
  }

  /** @param {Numbered} entry */
  add(entry) {
    this.#pending.push(entry);
  }

  /** Sends what was added. A client that has stalled meanwhile gets it later, from the ring. */
  flush() {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    if (!this.isStalled) this.deliver(pending);
  }

  /**
   * Sends `entries`, those of one number after the other. If the client does not read fast enough, stops and notes where.
   * @param {readonly Numbered[]} entries
   */
  deliver(entries) {
    for (const { text, first } of packed(entries, this.#updatesPerFrame)) {
      if (this.isFull) return this.stall(first.number - 1);
      this.say(text);
    }
  }

  /** Stops sending. @param {number} reached the number up to which it is served */
  stall(reached) {
    this.#stall ??= { reached, sinceMs: Date.now() };
  }

  /** Sending goes on. */
  resume() {
    this.#stall = null;
  }

  /** It does not follow the token any more. @param {string} token */
  forget(token) {
    const subscription = this.subscriptions.get(token);
    if (subscription === undefined) return;
    this.subscriptions.delete(token);
    this.ready.delete(subscription);
    if (this.#pending.length > 0) this.#pending = this.#pending.filter((entry) => entry.token !== token);
  }

  /** @param {string} text */
  say(text) {
    if (this.isClosed) return;
    try {
      this.#outbox.send(text);
    } catch {
      this.isClosed = true; // it is closing; its close event follows
    }
  }

  /** @param {number} nowMs when the client sent a message */
  acknowledge(nowMs) {
    this.#outbox.acknowledge();
    this.heardMs = nowMs;
  }

  /** @param {import("./close.js").Close} close */
  close({ code, reason }) {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.close(code, reason);
  }
}
