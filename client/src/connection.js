/** One socket on one path, for any number of tokens. It sends pings and ends when the server stays silent. */

import { Pulse } from "./pulse.js";
import { ANSWER_MS, FINAL_CODES, queryOf } from "./rest.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("../glow.js").Message} Message */
/** @typedef {import("../glow.js").Socket} Socket */
/** @typedef {import("./channel.js").Channel} Channel */
/** @typedef {import("./host.js").Host} Host */

/**
 * A route, with the cursor of the move for a client that has none.
 * @typedef {import("../glow.js").Route & {after?: string | null}} Route
 */

/**
 * @typedef {object} Listener
 * @property {(connection: Connection) => void} onServing
 * @property {(connection: Connection, moved: {path: string, url: string, after: string | null, jitterMs: number}) => void} onMoved
 * @property {(reason: string) => void} onRefused trying again does not help
 * @property {(connection: Connection, reason: string) => void} onEnd not after `close()`
 */

const CLOSED_BY_POLICY = 1008; // the only close code after which a client must not reconnect (worker/close.js)
const SILENT = `no answer for ${ANSWER_MS} ms`;
const GREETINGS = ["connected", "SUBSCRIBED"];

export class Connection {
  scope;
  #serves = false;
  #channels;
  #listener;
  #pulse;
  /** @type {Socket | null} */
  #socket = null;

  /**
   * @param {Route} route
   * @param {ReadonlyMap<string, Channel>} channels by token
   * @param {Host} host
   * @param {Listener} listener
   */
  constructor(route, channels, host, listener) {
    const { url, protocol } = (this.route = route);
    this.#channels = channels;
    this.#listener = listener;
    this.scope = new Scope(host);
    this.#pulse = new Pulse(this.scope, () => this.#say(protocol.ping), () => this.#fail(SILENT));
    this.scope.later(ANSWER_MS, () => this.#serves || this.#fail(SILENT));
    const { subscribe } = protocol;
    try {
      const [[, first]] = channels;
      const asked = subscribe === null ? url + queryOf(this.#wishOf(first)) : url;
      const socket = (this.#socket = new host.WebSocket(asked));
      socket.onopen = () => {
        if (subscribe === null || this.scope.isOver) return;
        for (const [token, channel] of channels) this.#say({ ...subscribe, token, ...this.#wishOf(channel) });
      };
      socket.onmessage = (/** @type {{data: string}} */ { data }) => this.#receive(data);
      socket.onclose = (/** @type {{code: number, reason: string}} */ { code, reason }) =>
        code === CLOSED_BY_POLICY ? this.#refuse(reason) : this.#fail(`ended: ${code} ${reason}`);
      socket.onerror = () => {}; // `onclose` follows; without a listener `ws` would throw
    } catch (error) {
      // Browsers throw if the page is not allowed to reach the address.
      this.scope.later(0, () => this.#fail(String(error)));
    }
  }

  close() {
    this.scope.end();
    this.#socket?.close(1000);
  }

  /** Asks for a sign of life now: the network may be another one. */
  check() {
    this.#pulse.check();
  }

  /** What each token wants; the cursor of a move is for a client that has none. @param {Channel} channel */
  #wishOf(channel) {
    const { after, delivery } = channel.wish(this.route.path);
    return { after: after ?? this.route.after ?? undefined, delivery };
  }

  /** @param {string} reason */
  #fail(reason) {
    if (this.scope.isOver) return;
    this.close();
    this.#listener.onEnd(this, `${this.route.url} ${reason}`);
  }

  /** @param {string} reason */
  #refuse(reason) {
    if (!this.scope.isOver) this.#listener.onRefused(reason);
  }

  /** @param {string} text */
  #receive(text) {
    if (this.scope.isOver) return;
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.#fail("sent no JSON");
    }
    this.#pulse.hear();
    if (!this.#serves && GREETINGS.includes(message.type)) this.#beginServing();
    this.#handle(message);
  }

  #beginServing() {
    this.#serves = true;
    this.#pulse.beatEvery(this.route.protocol.pingMs);
    this.#listener.onServing(this);
  }

  /** @param {Message} message */
  #handle(message) {
    switch (message.type) {
      case "PRICE_UPDATE":
        return this.#pass([/** @type {any} */ (message)]);
      case "PRICE_BATCH":
        return this.#pass(message.updates ?? []);
      case "GAP":
        for (const channel of this.#channelsOf(message)) channel.miss(message.after ?? null);
        return;
      case "MOVED":
        return this.#listener.onMoved(this, /** @type {any} */ (message));
      case "ERROR":
        if (FINAL_CODES.includes(message.code ?? "")) this.#refuse(message.message ?? "");
        else this.#fail(`says ${message.code}: ${message.message}`);
    }
  }

  /** @param {readonly Update[]} updates of any tokens */
  #pass(updates) {
    for (const update of updates) this.#channels.get(update.token)?.take(this.route.path, update);
  }

  /** Those of the token that a message names; all of them, if it names none. @param {Message} message */
  #channelsOf({ token }) {
    return [...this.#channels].filter(([own]) => token === undefined || own === token).map(([, channel]) => channel);
  }

  /** @param {object} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}
