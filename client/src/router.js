/** Keeps a token connected: finds its path, joins a connection there, and leaves the old one only when the next one serves. */

import { Backoff, LASTING_MS, Reach } from "./backoff.js";
import { routeOf } from "./moved.js";
import { Refusal } from "./refusal.js";
import { ANSWER_MS } from "./rest.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").State} State */
/** @typedef {import("./channel.js").Channel} Channel */
/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./connections.js").Connections} Connections */
/** @typedef {import("./discovery.js").Discovery} Discovery */
/** @typedef {import("./moved.js").Moved} Moved */
/** @typedef {import("./moved.js").Route} Route */

/**
 * What is done about the next connection, and the path that it heads for, as far as that is known.
 * @typedef {{name: "resting" | "asking" | "waiting", path: string | null, connection?: undefined}
 *   | {name: "opening", path: string, connection: Connection}} Step
 */

/**
 * What delivers, and how to end it. A connection that has sent its token elsewhere may deliver no more, without a word.
 * @typedef {{name: "nothing" | "polling", end: () => void, connection?: undefined}
 *   | {name: "socket", end: () => void, connection: Connection, hasSentAway?: boolean}} Source
 */

/**
 * @typedef {object} Listener
 * @property {(state: State) => void} onState
 * @property {(reason: string) => void} onLasting called once in each outage, when it has lasted
 * @property {(refusal: Refusal) => void} onRefused trying again does not help
 */

const SETTLED_MS = 30_000; // after this long, a move counts as done and the back-off starts again
const POLL_MS = 5_000;
const MOVE_PAUSE_MS = 2_000;
const TOGETHER_MS = 250; // tokens that are moved within this time go in one request and one command
const SERVED_MS = 2 * ANSWER_MS; // a hub says after 10 s itself that it cannot serve a token

/** @type {Step} */
const RESTING = { name: "resting", path: null };
/** @type {Source} */
const NOTHING = { name: "nothing", end() {} };

export class Router {
  token;
  channel;
  #connections;
  #discovery;
  #listener;
  /** For what concerns this token alone: that it is moved, or cannot be served. */
  #backoff = new Backoff();
  #reach = new Reach();
  #source = NOTHING;
  #step = RESTING;
  /** The timers of the current step. The next one cancels them. */
  #stepScope;
  /** The last route that came from /connect or MOVED. @type {Route | null} */
  #route = null;
  /** When the stack last said where to connect, as an id. @type {string | null} */
  #askedAt = null;
  /** Since when no socket can be opened; null: one delivers; Infinity: that it lasts has been said. @type {number | null} */
  #outageSinceMs = null;

  /**
   * @param {string} token
   * @param {Channel} channel
   * @param {Connections} connections
   * @param {Discovery} discovery
   * @param {Listener} listener
   */
  constructor(token, channel, connections, discovery, listener) {
    this.token = token;
    this.channel = channel;
    this.#connections = connections;
    this.#discovery = discovery;
    this.#listener = listener;
    this.#stepScope = new Scope(connections.host);
    this.#stepScope.later(0, () => this.#connect(null)); // not at once, because the callbacks may use the value that `subscribe` returns
  }

  /** The cursor of the last move. */
  get movedAfter() {
    return this.#route?.after ?? null;
  }

  close() {
    this.#enter(RESTING).end();
    this.#deliverFrom(NOTHING);
  }

  /** Tries at once if nothing delivers and nothing is under way. */
  wake() {
    if (this.#serving === undefined && this.#step.name === "waiting") void this.#connect(this.#step.path);
  }

  /** Asks for prices as the channel wants them now. */
  wishAgain() {
    this.#serving?.add(this);
    this.#step.connection?.add(this);
  }

  /** @param {Connection} connection */
  onServing(connection) {
    if (connection === this.#serving) return; // it was asked for another delivery
    const { path } = connection.address;
    if (this.#source.name === "polling") this.channel.poll(); // what came after the last poll
    this.#step = RESTING;
    this.#deliverFrom({ name: "socket", end: () => connection.leave(this), connection });
    this.#reach.noteService(path);
    this.#outageSinceMs = null;
    this.channel.serveFrom(path, this.#askedAt);
    this.#settleOn(this.#route?.recheckMs);
    this.#report();
  }

  /** The connection has ended. @param {Connection} connection @param {string} reason */
  onEnd(connection, reason) {
    this.#lose(connection, reason);
  }

  /** The connection goes on, but cannot serve this token. @param {Connection} connection @param {string} reason */
  onUnavailable(connection, reason) {
    if (this.#reach.noteFailure(connection.address.path, this.#nowMs)) this.#backoff.reset();
    this.#lose(connection, reason, this.#backoff.nextMs(this.#random()));
  }

  /** @param {Connection} connection @param {Moved} moved */
  onMoved(connection, moved) {
    const { path } = moved;
    if (this.#source.name === "socket" && connection === this.#serving) this.#source.hasSentAway = true;
    if (path === this.#step.path) return;
    const route = routeOf(moved);
    const spreadMs = moved.jitterMs * connection.spread;
    if (this.#connections.rest.region !== undefined || route === null || !this.#connections.canOpen(route)) {
      // The move may not concern this region, or only the stack knows how to speak there.
      this.#enter({ name: "waiting", path: null }).later(this.#together(spreadMs), () => this.#connect(null));
    } else {
      this.#route = route;
      if (connection === this.#serving && this.#isWellOn(path)) this.#stay(null); // called back
      else {
        // A client that is moved again and again within seconds waits longer each time, but not so long that the old path
        // ends meanwhile: it lasts 10 s (docs/routing.md).
        const pauseMs = Math.min(this.#backoff.nextMs(this.#random()), MOVE_PAUSE_MS);
        this.#enter({ name: "waiting", path }).later(this.#together(spreadMs + pauseMs), () => this.#open(route));
      }
    }
    this.#report(`moved to ${path}`);
  }

  /** @param {Refusal} refusal */
  onRefused(refusal) {
    this.#listener.onRefused(refusal);
  }

  get #serving() {
    return this.#source.connection;
  }

  get #nowMs() {
    return this.#connections.host.nowMs();
  }

  #random() {
    return this.#connections.host.random();
  }

  /** The delay, until the end of a short period that all tokens have in common. @param {number} delayMs */
  #together(delayMs) {
    return Math.ceil((this.#nowMs + delayMs) / TOGETHER_MS) * TOGETHER_MS - this.#nowMs;
  }

  /** Whether a connection on `path` delivers that need not be renewed. @param {string} path */
  #isWellOn(path) {
    return this.#serving !== undefined && this.#serving.address.path === path && this.#nowMs < this.#serving.renewAtMs;
  }

  /** @param {string} path */
  #isUnreachable(path) {
    return [this.#reach, this.#connections.reach].some((reach) => reach.isUnreachable(path, this.#nowMs));
  }

  /** Leaves the current step. @param {Step} step */
  #enter(step) {
    this.#stepScope.end();
    this.#step.connection?.leave(this);
    this.#step = step;
    return (this.#stepScope = new Scope(this.#connections.host));
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
      const avoided = this.#connections.reach.avoided(this.#nowMs) ?? this.#reach.avoided(this.#nowMs);
      const { route, askedAt } = await this.#discovery.ask(this.token, avoided);
      if (!scope.isOver) [this.#route, this.#askedAt] = [route, askedAt];
    } catch (error) {
      failure = /** @type {Error} */ (error).message;
      if (error instanceof Refusal && !scope.isOver) return this.onRefused(error);
    }
    const route = this.#route; // the last one known, if no answer came
    if (scope.isOver) return;
    if (route === null) return this.#retry(path, failure);
    if (this.#isWellOn(route.path)) {
      this.#stay(route.recheckMs);
      return this.#report(failure);
    }
    // A path that the token has left delivers nothing once its grace is over, and says nothing.
    if (this.#source.name !== "polling" && this.#serving?.address.path !== route.path && this.#isUnreachable(route.path)) this.#startPolling();
    this.#open(route);
  }

  /** @param {Route} route */
  #open(route) {
    const { path } = route;
    const scope = this.#enter({ name: "asking", path });
    const connection = this.#connections.join(route, this);
    this.#step = { name: "opening", path, connection };
    scope.later(SERVED_MS, () => {
      connection.doubt(this.token);
      this.onUnavailable(connection, `${connection.address.url} no answer for ${this.token}`);
    });
    this.#report();
  }

  /** Stays on the connection that delivers. @param {number | null | undefined} recheckMs */
  #stay(recheckMs) {
    const source = this.#source;
    if (source.name === "socket" && source.hasSentAway) {
      source.hasSentAway = false;
      source.connection.doubt(this.token);
      source.connection.add(this);
    }
    this.#settleOn(recheckMs);
  }

  /** Stays where it is, until the connection grows old or the stack may know a better path. @param {number | null | undefined} recheckMs */
  #settleOn(recheckMs) {
    const scope = this.#enter(RESTING);
    const connect = () => this.#connect(null);
    const avoidedMs = Math.max(...[this.#reach, this.#connections.reach].map((reach) => reach.avoidedForMs(this.#nowMs))); // before that, the answer would be the same
    scope.later(SETTLED_MS, () => this.#backoff.reset());
    if (recheckMs != null) scope.later(Math.max(recheckMs * (1 + this.#random()), avoidedMs), connect);
    const { renewAtMs = Infinity } = this.#serving ?? {};
    if (renewAtMs < Infinity) scope.later(renewAtMs - this.#nowMs, connect);
  }

  /** @param {Connection} connection that does not serve this token any more @param {string} reason @param {number} [pauseMs] */
  #lose(connection, reason, pauseMs) {
    if (connection !== this.#serving) return this.#retry(connection.address.path, reason, pauseMs);
    this.#deliverFrom(NOTHING);
    if (this.#step.name === "resting" || this.#step.name === "waiting") this.#retry(null, reason, pauseMs);
    else this.#report(reason);
  }

  /** @param {string | null} path @param {string | null} reason @param {number} [pauseMs] */
  #retry(path, reason, pauseMs = this.#connections.pauseMs()) {
    this.#enter({ name: "waiting", path }).later(pauseMs, () => this.#connect(path));
    this.#report(reason);
    const nowMs = this.#nowMs;
    this.#outageSinceMs ??= this.#serving === undefined ? nowMs : null;
    if (this.#outageSinceMs === null || nowMs - this.#outageSinceMs < LASTING_MS) return;
    this.#outageSinceMs = Infinity;
    this.#listener.onLasting(`${reason}`);
  }

  #startPolling() {
    const scope = new Scope(this.#connections.host);
    this.#deliverFrom({ name: "polling", end: () => scope.end() });
    const pollOn = () => {
      this.channel.poll();
      scope.later(POLL_MS, pollOn);
    };
    pollOn();
  }

  /** @param {string | null} [reason] */
  #report(reason = null) {
    const { name, path } = this.#step;
    const serving = this.#serving?.address.path;
    if (serving !== undefined) this.#listener.onState({ state: path === null || path === serving ? "live" : "moving", path: serving, reason });
    else if (this.#source !== NOTHING) this.#listener.onState({ state: "polling", path: null, reason });
    else this.#listener.onState({ state: name === "waiting" ? name : "connecting", path: name === "opening" ? path : null, reason });
  }
}
