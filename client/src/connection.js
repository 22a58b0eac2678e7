/** One socket on one path, for one token or for many. It sends pings and ends when the server stays silent. */

import { Admission, early } from "./admission.js";
import { Gatherer } from "./gatherer.js";
import { Pulse } from "./pulse.js";
import { isFinal, Refusal } from "./refusal.js";
import { ANSWER_MS, queryOf } from "./rest.js";
import { Roster } from "./roster.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("../glow.js").Message} Message */
/** @typedef {import("../glow.js").Socket} Socket */
/** @typedef {import("../glow.js").Endpoint} Endpoint */
/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./router.js").Router} Router */

/**
 * Where it leads: with a pass, if one must be shown; without, if none is asked for there.
 * @typedef {Endpoint & {path: string, isLive: boolean, pass: Pass | null}} Address
 */

/**
 * @typedef {object} Keeper
 * @property {import("./host.js").Host} host
 * @property {Rest} rest
 * @property {(connection: Connection) => void} noteService called once, when the server serves a token
 * @property {(connection: Connection, hasFailed: boolean) => void} noteEnd called once; it has failed if it ended before that, though it was wanted
 */

const CLOSED_BY_POLICY = 1008; // the only close code after which a client must not reconnect (worker/close.js)
const PASS_EXPIRED = 4001;
const SILENT = `no answer for ${ANSWER_MS} ms`;
const MAX_TOKENS = 100;

export class Connection {
  scope;
  /** Whether the server has said that it is there. */
  isGreeted = false;
  #hasServed = false;
  /** When its tokens must have gone to another one. */
  renewAtMs = Infinity;
  /** A random part, the same for all its tokens, so that those that move together stay together. */
  spread;
  /** By token. @type {Map<string, Router>} */
  #routers = new Map();
  #roster = new Roster();
  #admission;
  #keeper;
  #pulse;
  /** @type {Socket | null} */
  #socket = null;
  #gatherer;

  /** @param {Address} address @param {Keeper} keeper */
  constructor(address, keeper) {
    this.address = address;
    this.#keeper = keeper;
    const { host } = keeper;
    this.spread = host.random();
    this.scope = new Scope(host);
    this.#admission = new Admission(address.pass, this.scope, { say: (message) => this.#say(message), fail: (reason) => this.fail(reason) });
    this.#gatherer = new Gatherer(this.scope, () => this.#sayDue());
    this.#pulse = new Pulse(this.scope, () => this.#say(address.protocol.ping), () => this.fail(SILENT));
  }

  /** Whether another token may come. */
  get hasRoom() {
    return this.address.isLive && !this.scope.isOver && this.#roster.size < MAX_TOKENS && this.scope.host.nowMs() < this.renewAtMs;
  }

  /** Opens the socket, for the tokens that were added. */
  open() {
    const { url, protocol } = this.address;
    this.scope.later(ANSWER_MS, () => this.isGreeted || this.fail(SILENT));
    try {
      const [first] = this.#routers.values();
      const socket = (this.#socket = new this.#keeper.host.WebSocket(protocol.subscribe === null ? url + queryOf(this.#wishOf(first)) : url));
      socket.onopen = () => this.#beOpen();
      socket.onmessage = (/** @type {{data: string}} */ { data }) => this.#receive(data);
      socket.onclose = (/** @type {{code: number, reason: string}} */ { code, reason }) => this.#end(code, reason);
      socket.onerror = () => {}; // `onclose` follows; without a listener `ws` would throw
    } catch (error) {
      // Browsers throw if the page is not allowed to reach the address.
      this.scope.later(0, () => this.fail(String(error)));
    }
  }

  /** Serves the token of `router`, or serves it in another delivery. @param {Router} router */
  add(router) {
    this.#routers.set(router.token, router);
    this.#roster.want(router.token, router.channel.delivery);
    this.#gather();
  }

  /** @param {Router} router that wants nothing of this any more */
  leave(router) {
    this.#routers.delete(router.token);
    this.#roster.want(router.token, null);
    if (this.#routers.size === 0) this.#close(false);
    else this.#gather();
  }

  /** Asks for a sign of life now: the network may be another one. */
  check() {
    if (this.isGreeted) this.#pulse.check();
  }

  /** Counts on nothing that the server was asked or has answered about the token. @param {string} token */
  doubt(token) {
    this.#roster.drop(token);
  }

  /** @param {string} reason */
  fail(reason) {
    if (this.scope.isOver) return;
    this.#close(true);
    for (const router of this.#routers.values()) router.onEnd(this, `${this.address.url} ${reason}`);
  }

  /** @param {boolean} isWanted */
  #close(isWanted) {
    if (this.scope.isOver) return;
    this.scope.end();
    this.#socket?.close(1000);
    this.#keeper.noteEnd(this, isWanted && !this.#hasServed);
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    if (this.scope.isOver) return;
    if (code === CLOSED_BY_POLICY) return this.#refuse(this.#routers.values(), "POLICY", reason);
    if (code === PASS_EXPIRED) this.#admission.expire();
    this.fail(`ended: ${code} ${reason}`);
  }

  /** What a token wants; the cursor of a move is for a client that has none. @param {Router} router */
  #wishOf({ channel, movedAfter }) {
    const { after, delivery } = channel.wish(this.address.path);
    return { after: after ?? movedAfter ?? undefined, delivery };
  }

  /** @param {number | null} expiresAt Unix seconds; null: no pass is needed here */
  #beAuthorized(expiresAt) {
    const leftMs = expiresAt === null ? null : this.#keeper.rest.msUntil(this.scope, expiresAt);
    // A connection with a greatest age is renewed by another one. One without is shown another pass.
    const hasAge = this.address.protocol.maxAgeMs !== null;
    const renewInMs = this.#admission.accept(leftMs, !hasAge);
    if (hasAge) this.#renewIn(renewInMs);
    this.#gather();
  }

  /** @param {number} timeMs */
  #renewIn(timeMs) {
    this.renewAtMs = Math.min(this.renewAtMs, this.scope.host.nowMs() + timeMs);
  }

  #beOpen() {
    if (this.scope.isOver) return;
    this.#admission.ask();
    this.#gather();
  }

  /** Sends soon what is due by then. */
  #gather() {
    if (this.#admission.isAdmitted) this.#gatherer.ask();
  }

  /** A command is never too large: 100 tokens, ids and deliveries take 15 of its 16 KiB. */
  #sayDue() {
    const { subscribe } = this.address.protocol;
    if (subscribe === null) return;
    const { joining, leaving } = this.#roster.takeDue();
    if (leaving.length > 0) this.#say({ action: "unsubscribePrice", ...(leaving.length > 1 ? { tokens: leaving } : { token: leaving[0] }) });
    const wishes = joining.flatMap((token) => {
      const router = this.#routers.get(token);
      return router === undefined ? [] : [{ token, ...this.#wishOf(router) }];
    });
    if (wishes.length > 0) this.#say({ ...subscribe, ...(wishes.length > 1 ? { subscriptions: wishes } : wishes[0]) });
  }

  /** @param {string} text */
  #receive(text) {
    if (this.scope.isOver) return;
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.fail("sent no JSON");
    }
    this.#pulse.hear();
    if (message.type === "PRICE_UPDATE") this.#pass([/** @type {any} */ (message)]);
    else if (message.type === "PRICE_BATCH") this.#pass(message.updates ?? []);
    else this.#handle(message);
  }

  /** @param {Message} message */
  #handle(message) {
    const tokens = this.#tokensOf(message);
    const routers = tokens.flatMap((token) => this.#routers.get(token) ?? []); // none for one that was left meanwhile
    switch (message.type) {
      case "connected":
        this.#greet();
        if (this.address.protocol.subscribe === null) this.#serve(routers);
        return;
      case "AUTHORIZED":
        this.#greet();
        return this.#beAuthorized(message.expiresAt ?? null);
      case "SUBSCRIBED":
        this.#greet();
        this.#confirm(tokens, true);
        return this.#serve(routers);
      case "UNSUBSCRIBED":
        return this.#confirm(tokens, false);
      case "GAP":
        for (const { channel } of routers) channel.miss(message.after ?? null);
        return;
      case "MOVED":
        this.#confirm(tokens, true); // in place of SUBSCRIBED it means the same
        for (const router of routers) router.onMoved(this, /** @type {any} */ (message));
        return;
      case "ERROR":
        return this.#err(message, tokens, routers);
    }
  }

  #greet() {
    if (this.isGreeted) return;
    const { pingMs, maxAgeMs } = this.address.protocol;
    this.isGreeted = true;
    this.#pulse.beatEvery(pingMs);
    this.#renewIn(early(this.scope, maxAgeMs ?? Infinity));
  }

  /** @param {readonly Router[]} routers */
  #serve(routers) {
    if (!this.#hasServed) this.#keeper.noteService(this);
    this.#hasServed = true;
    for (const router of routers) router.onServing(this);
  }

  /** Notes an answer; what the app wanted meanwhile is due now. @param {readonly string[]} tokens @param {boolean} isServed */
  #confirm(tokens, isServed) {
    for (const token of tokens) this.#roster.confirm(token, isServed);
    this.#gather();
  }

  /** @param {Message} message @param {readonly string[]} tokens the one that it names, or all @param {readonly Router[]} routers */
  #err({ code, message = "", token }, tokens, routers) {
    const said = `says ${code}: ${message}`;
    if (this.#admission.retry(code)) return;
    if (isFinal(code) && (token !== undefined || tokens.length === 1 || code === "UNAUTHORIZED")) {
      for (const refused of tokens) this.#roster.drop(refused);
      return this.#refuse(routers, `${code}`, message);
    }
    if (code !== "UNAVAILABLE" || token === undefined) return this.fail(said);
    this.#confirm(tokens, true);
    for (const router of routers) router.onUnavailable(this, `${this.address.url} ${said}`);
  }

  /** @param {Iterable<Router>} routers @param {string} code @param {string} reason */
  #refuse(routers, code, reason) {
    for (const router of [...routers]) router.onRefused(new Refusal(code, reason));
  }

  /** @param {readonly Update[]} updates of any tokens */
  #pass(updates) {
    for (const update of updates) this.#routers.get(update.token)?.channel.take(this.address.path, update);
  }

  /** Those that a message names; all of them, if it names none. @param {Message} message */
  #tokensOf({ token, tokens }) {
    return tokens ?? (token === undefined ? [...this.#routers.keys()] : [token]);
  }

  /** @param {object} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}
