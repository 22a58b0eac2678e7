/** The sockets of a feed: tokens with the same address share one. It also knows which paths can be reached, and when to try again. */

import { Backoff, Reach } from "./backoff.js";
import { Connection } from "./connection.js";

/** @typedef {import("../glow.js").Route} Route */
/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./router.js").Router} Router */

const SETTLED_MS = 30_000; // after this long, a connection counts as good and the back-off starts again

export class Connections {
  reach = new Reach();
  host;
  rest;
  #pass;
  #isShared;
  #backoff = new Backoff();
  #triesAgainAtMs = -Infinity;
  /** Paths whose socket for one token ended before it served: its room may be full, which a browser cannot see. @type {Set<string>} */
  #fullPaths = new Set();
  /** @type {Set<Connection>} */
  #open = new Set();

  /** @param {Host} host @param {Rest} rest @param {Pass | null} pass @param {boolean} isShared whether tokens share sockets */
  constructor(host, rest, pass, isShared) {
    this.host = host;
    this.rest = rest;
    this.#pass = pass;
    this.#isShared = isShared;
  }

  /** @param {Route} route @param {Router} router @returns {Connection} that will serve its token */
  join(route, router) {
    const address = this.#addressOf(route);
    const other = [...this.#open].find((connection) => connection.hasRoom && connection.address.url === address.url);
    const connection = other ?? new Connection(address, this);
    connection.add(router);
    if (other === undefined) {
      this.#open.add(connection);
      connection.open();
    }
    return connection;
  }

  /** Whether a route says enough to open it: old stacks do not name the socket for many tokens. @param {Route} route */
  canOpen(route) {
    return route.live !== undefined || !this.#wantsLive(route.path);
  }

  /** Looks whether the connections live. */
  check() {
    for (const connection of this.#open) connection.check();
  }

  /** How long until the next try. It is one for all, so that tokens that failed together come back together. */
  pauseMs() {
    const nowMs = this.host.nowMs();
    if (this.#triesAgainAtMs <= nowMs) this.#triesAgainAtMs = nowMs + this.#backoff.nextMs(this.host.random());
    return this.#triesAgainAtMs - nowMs;
  }

  /** @param {Connection} connection */
  noteService({ address, scope }) {
    this.reach.noteService(address.path);
    scope.later(SETTLED_MS, () => this.#backoff.reset());
  }

  /** @param {Connection} connection @param {boolean} hasFailed before it served */
  noteEnd(connection, hasFailed) {
    const { path, isLive } = connection.address;
    this.#open.delete(connection);
    if (!hasFailed) return;
    if (isLive) this.#fullPaths.delete(path);
    else this.#fullPaths.add(path);
    if (this.reach.noteFailure(path, this.host.nowMs())) this.#backoff.reset(); // now another way is tried
  }

  /** @param {string} path */
  #wantsLive(path) {
    return this.#isShared || this.#pass !== null || this.#fullPaths.has(path);
  }

  /** @param {Route} route @returns {import("./connection.js").Address} */
  #addressOf({ path, url, protocol, live }) {
    if (live === undefined || !this.#wantsLive(path)) return { path, url, protocol, isLive: false, pass: null };
    return { path, ...live, isLive: true, pass: this.#pass };
  }
}
