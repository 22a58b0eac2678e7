/** Keeps connected: finds the path, opens sockets on it, and closes an old one only when the next one serves. */

import { Backoff, LASTING_MS, Reach } from "./backoff.js";
import { Connection } from "./connection.js";
import { Refusal } from "./rest.js";
import { Scope } from "./scope.js";

/** @typedef {import("./connection.js").Route} Route */
/** @typedef {import("../glow.js").Protocol} Protocol */
/** @typedef {import("../glow.js").State} State */
/** @typedef {import("./channel.js").Channel} Channel */
/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./rest.js").Rest} Rest */

/**
 * What is done about the next connection, and the path that it heads for, as far as that is known.
 * @typedef {{name: "resting" | "asking" | "waiting", path: string | null, connection?: undefined}
 *   | {name: "opening", path: string, connection: Connection}} Step
 */

/**
 * What delivers, and how to end it.
 * @typedef {{name: "nothing" | "polling", end: () => void, connection?: undefined}
 *   | {name: "socket", end: () => void, connection: Connection, renewAtMs: number}} Source
 */

/**
 * @typedef {object} Listener
 * @property {(state: State) => void} onState
 * @property {(reason: string) => void} onLasting called once in each outage, when it has lasted
 * @property {(reason: string) => void} onRefused
 */

const SETTLED_MS = 30_000; // after this long, a connection counts as good and the back-off starts again
const POLL_MS = 5_000;
const MOVE_PAUSE_MS = 2_000;
const RENEWAL_JITTER = 0.1;

/**
 * The protocol of each path, for MOVED, which names only path and URL. They are those that /connect answers.
 * @type {Record<string, Protocol>}
 */
const PROTOCOLS = {
  aws: { subscribe: { action: "subscribePrice" }, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 },
  edge: { subscribe: null, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null },
};

/** @type {Step} */
const RESTING = { name: "resting", path: null };
/** @type {Source} */
const NOTHING = { name: "nothing", end() {} };

export class Router {
  #channels;
  #rest;
  #host;
  #listener;
  #backoff = new Backoff();
  #reach = new Reach();
  #source = NOTHING;
  #step = RESTING;
  /** The timers and requests of the current step. The next one cancels them. */
  #stepScope;
  /** The last route that came from /connect or MOVED. @type {Route | null} */
  #route = null;
  /** When the stack last said where to connect, as an id. @type {string | null} */
  #askedAt = null;
  /** Since when no socket can be opened; null: one delivers; Infinity: that it lasts has been said. @type {number | null} */
  #outageSinceMs = null;

  /**
   * @param {ReadonlyMap<string, Channel>} channels by token
   * @param {Rest} rest
   * @param {Host} host
   * @param {Listener} listener
   */
  constructor(channels, rest, host, listener) {
    this.#channels = channels;
    this.#rest = rest;
    this.#host = host;
    this.#listener = listener;
    this.#stepScope = new Scope(host);
    this.#stepScope.later(0, () => this.#connect(null)); // not at once, because the callbacks may use the value that `subscribe` returns
  }

  close() {
    this.#enter(RESTING).end();
    this.#deliverFrom(NOTHING);
  }

  /** Looks whether the connection lives, and tries at once if there is none. */
  wake() {
    if (this.#serving !== undefined) this.#serving.check();
    else if (this.#step.name === "waiting") void this.#connect(this.#step.path);
  }

  /** @param {Connection} connection */
  onServing(connection) {
    const { route } = connection;
    if (this.#source.name === "polling") this.#poll(); // what came after the last poll
    this.#step = RESTING;
    this.#deliverFrom({
      name: "socket",
      end: () => connection.close(),
      connection,
      renewAtMs: this.#host.nowMs() + (route.protocol.maxAgeMs ?? Infinity) * (1 - RENEWAL_JITTER * this.#host.random()),
    });
    this.#reach.noteService(route.path);
    this.#outageSinceMs = null;
    connection.scope.later(SETTLED_MS, () => this.#backoff.reset());
    for (const channel of this.#channels.values()) channel.serveFrom(route.path, this.#askedAt);
    this.#settleOn(route);
    this.#report();
  }

  /** @param {Connection} connection @param {string} reason */
  onEnd(connection, reason) {
    if (connection !== this.#serving) {
      const { path } = connection.route;
      if (this.#reach.noteFailure(path, this.#host.nowMs())) this.#backoff.reset(); // now another way is tried
      return this.#retry(path, reason);
    }
    this.#deliverFrom(NOTHING);
    if (this.#step.name === "resting" || this.#step.name === "waiting") this.#retry(null, reason);
    else this.#report(reason);
  }

  /** @param {Connection} connection @param {{path: string, url: string, after: string | null, jitterMs: number}} moved */
  onMoved(connection, { path, url, after, jitterMs }) {
    if (path === this.#step.path) return;
    const protocol = PROTOCOLS[path];
    const spreadMs = jitterMs * this.#host.random();
    if (this.#rest.region !== undefined || protocol === undefined) {
      // The move may not concern this region, or only the stack knows how to speak there.
      this.#enter({ name: "waiting", path: null }).later(spreadMs, () => this.#connect(null));
    } else {
      const route = (this.#route = { path, url, protocol, after });
      if (connection === this.#serving && this.#isWellOn(path)) this.#settleOn(route); // called back
      else {
        // A client that is moved again and again within seconds waits longer each time, but not so long that the old path
        // ends meanwhile: it lasts 10 s (docs/routing.md).
        const pauseMs = Math.min(this.#backoff.nextMs(this.#host.random()), MOVE_PAUSE_MS);
        this.#enter({ name: "waiting", path }).later(spreadMs + pauseMs, () => this.#open(route));
      }
    }
    this.#report(`moved to ${path}`);
  }

  /** @param {string} reason */
  onRefused(reason) {
    this.#listener.onRefused(reason);
  }

  get #serving() {
    return this.#source.connection;
  }

  /** Whether a connection on `path` delivers that need not be renewed. @param {string} path */
  #isWellOn(path) {
    return this.#source.name === "socket" && this.#source.connection.route.path === path && this.#host.nowMs() < this.#source.renewAtMs;
  }

  /** Leaves the current step. @param {Step} step */
  #enter(step) {
    this.#stepScope.end();
    this.#step.connection?.close();
    this.#step = step;
    return (this.#stepScope = new Scope(this.#host));
  }

  /** @param {Source} source */
  #deliverFrom(source) {
    this.#source.end();
    this.#source = source;
  }

  /** Asks the stack where to connect, and connects. @param {string | null} path for which it is headed */
  async #connect(path) {
    const scope = this.#enter({ name: "asking", path });
    let failure = null;
    this.#report();
    try {
      const { route, askedAt } = await this.#rest.route(scope, this.#reach.avoided(this.#host.nowMs()));
      if (!scope.isOver) [this.#route, this.#askedAt] = [route, askedAt];
    } catch (error) {
      failure = /** @type {Error} */ (error).message;
      if (error instanceof Refusal && !scope.isOver) return this.onRefused(failure);
    }
    const route = this.#route; // the last one known, if no answer came
    if (scope.isOver) return;
    if (route === null) return this.#retry(path, failure);
    if (this.#isWellOn(route.path)) {
      this.#settleOn(route);
      return this.#report(failure);
    }
    if (this.#source === NOTHING && this.#reach.isUnreachable(route.path, this.#host.nowMs())) this.#startPolling();
    this.#open(route);
  }

  /** @param {Route} route */
  #open(route) {
    const connection = new Connection(route, this.#channels, this.#host, this);
    this.#enter({ name: "opening", path: route.path, connection });
    this.#report();
  }

  /** Stays where it is, until the connection grows old or the stack may know a better path. @param {Route} route */
  #settleOn({ recheckMs }) {
    const scope = this.#enter(RESTING);
    const connect = () => this.#connect(null);
    const avoidedMs = this.#reach.avoidedForMs(this.#host.nowMs()); // before that, the answer would be the same
    if (recheckMs != null) scope.later(Math.max(recheckMs * (1 + this.#host.random()), avoidedMs), connect);
    if (this.#source.name === "socket" && this.#source.renewAtMs < Infinity) scope.later(this.#source.renewAtMs - this.#host.nowMs(), connect);
  }

  /** @param {string | null} path @param {string | null} reason */
  #retry(path, reason) {
    this.#enter({ name: "waiting", path }).later(this.#backoff.nextMs(this.#host.random()), () => this.#connect(path));
    this.#report(reason);
    const nowMs = this.#host.nowMs();
    this.#outageSinceMs ??= this.#serving === undefined ? nowMs : null;
    if (this.#outageSinceMs === null || nowMs - this.#outageSinceMs < LASTING_MS) return;
    this.#outageSinceMs = Infinity;
    this.#listener.onLasting(`${reason}`);
  }

  #startPolling() {
    const scope = new Scope(this.#host);
    this.#source = { name: "polling", end: () => scope.end() };
    const pollOn = () => {
      this.#poll();
      scope.later(POLL_MS, pollOn);
    };
    pollOn();
  }

  #poll() {
    for (const channel of this.#channels.values()) channel.poll();
  }

  /** @param {string | null} [reason] */
  #report(reason = null) {
    const { name, path } = this.#step;
    const serving = this.#serving?.route.path;
    if (serving !== undefined) this.#listener.onState({ state: path === null || path === serving ? "live" : "moving", path: serving, reason });
    else if (this.#source !== NOTHING) this.#listener.onState({ state: "polling", path: null, reason });
    else this.#listener.onState({ state: name === "waiting" ? name : "connecting", path: name === "opening" ? path : null, reason });
  }
}
