/**
 * A hub's socket to one room. To the room the hub is a client like any other, that reads what it is sent and pings. It also
 * acknowledges, and says how many clients it has.
 */

import { CLOSE } from "./close.js";
import { LIMITS } from "./limits.js";
import { followers, PING } from "./messages.js";

/** @typedef {import("./hub_client.js").Subscription} Subscription */
/** @typedef {import("./hub_ring.js").Item} Item */

/**
 * What a hub does when it hears something.
 * @typedef {object} Hearer
 * @property {(link: Link, items: Item[]) => void} items
 * @property {(link: Link, state: import("./messages.js").RoomState) => void} state
 * @property {(link: Link, text: string) => void} moved
 * @property {(link: Link, code: number) => void} ended
 */

export class Link {
  token;
  /** All who follow the token. @type {Set<Subscription>} */
  followers = new Set();
  /** Those of them that are not greeted, because the room has to be heard first. @type {Set<Subscription>} */
  waiting = new Set();
  /** Whether the room was heard once: then followers are greeted, and must not miss anything. */
  wasLive = false;
  /** When the room was heard first, Unix time. */
  greetedMs = 0;
  /** Since when the room is not there, or was first called; null while it is there. @type {number | null} */
  downSinceMs = null;
  /** Whether it waits before it is opened again. */
  isResting = false;
  failures = 0;
  /** The room's last order to go elsewhere. @type {import("./messages.js").Moved | null} */
  moved = null;
  /** @type {"closed" | "opening" | "greeting" | "live"} */
  #state = "closed";
  /** @type {WebSocket | null} */
  #socket = null;
  #hearer;
  #openedMs = 0;
  #pingedMs = 0;
  #hasPong = true;
  #unacknowledgedBytes = 0;
  #reported = { count: 0, atMs: 0 };

  /** @param {string} token @param {Hearer} hearer */
  constructor(token, hearer) {
    this.token = token;
    this.#hearer = hearer;
  }

  get isClosed() {
    return this.#state === "closed";
  }

  get isLive() {
    return this.#state === "live";
  }

  /** The room is called. @param {number} nowMs */
  opening(nowMs) {
    this.#state = "opening";
    this.downSinceMs ??= nowMs;
    this.#reported = { count: this.followers.size, atMs: nowMs };
  }

  /**
   * The room has taken the hub.
   * @param {WebSocket} socket
   * @param {number} nowMs
   */
  opened(socket, nowMs) {
    this.#state = "greeting";
    this.#socket = socket;
    this.#openedMs = this.#pingedMs = nowMs;
    this.#hasPong = true;
    this.#unacknowledgedBytes = 0;
    socket.accept();
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) this.#hear(String(data));
    });
    const end = (/** @type {number} */ code) => {
      if (this.#socket === socket) this.#end(code);
    };
    socket.addEventListener("close", ({ code }) => end(code));
    socket.addEventListener("error", () => end(CLOSE.FAILED.code));
  }

  /** Nobody follows the token any more, or the hub gives the room up. */
  close() {
    const socket = this.#socket;
    this.#socket = null;
    this.#state = "closed";
    hangUp(socket);
  }

  /** The hub has taken so much of what the room sent. @param {number} bytes */
  acknowledge(bytes) {
    this.#unacknowledgedBytes += bytes;
    if (this.#unacknowledgedBytes >= LIMITS.linkUnacknowledgedBytes) this.#ping(Date.now());
  }

  /** Looks after the socket. @param {number} nowMs */
  tend(nowMs) {
    if (this.#socket === null) return;
    const isSilent = !this.#hasPong && nowMs - this.#pingedMs >= LIMITS.linkPongMs;
    const isMute = this.#state === "greeting" && nowMs - this.#openedMs >= LIMITS.openMs;
    if (isSilent || isMute) return this.#end(CLOSE.SILENT.code);
    if (nowMs - this.#pingedMs >= LIMITS.linkPingMs) this.#ping(nowMs);
    if (this.#reported.count !== this.followers.size && nowMs - this.#reported.atMs >= LIMITS.reportMs) {
      this.#reported = { count: this.followers.size, atMs: nowMs };
      this.#say(followers(this.followers.size));
    }
  }

  /** @param {number} nowMs */
  #ping(nowMs) {
    this.#unacknowledgedBytes = 0;
    if (this.#hasPong) this.#pingedMs = nowMs;
    this.#hasPong = false;
    this.#say(PING);
  }

  /** @param {string} text */
  #say(text) {
    try {
      this.#socket?.send(text);
    } catch {
      // It is closing; its close event follows.
    }
  }

  /** @param {number} code */
  #end(code) {
    const socket = this.#socket;
    this.#socket = null;
    this.#state = "closed";
    this.downSinceMs ??= Date.now();
    hangUp(socket);
    this.#hearer.ended(this, code);
  }

  /** @param {string} text */
  #hear(text) {
    const message = JSON.parse(text);
    switch (message.type) {
      case "PRICE_UPDATE":
        return this.#hearer.items(this, [{ token: this.token, text, kind: "update", isAlone: false, id: message.id }]);
      case "PRICE_BATCH":
        return this.#hearer.items(this, message.updates.map((/** @type {import("./update.js").Update} */ update) => (
          { token: this.token, text: JSON.stringify(update), kind: "update", isAlone: false, id: update.id }
        )));
      case "GAP":
        return this.#hearer.items(this, [{ token: this.token, text, kind: "gap", isAlone: true, id: null }]);
      case "MOVED":
        this.moved = message;
        return this.#hearer.moved(this, text);
      case "ROOM":
        this.#state = "live";
        if (!this.wasLive) this.greetedMs = Date.now();
        this.wasLive = true;
        this.downSinceMs = null;
        this.failures = 0;
        this.moved = null;
        return this.#hearer.state(this, message);
      case "pong":
        this.#hasPong = true;
    }
  }
}

/** @param {WebSocket | null} socket */
function hangUp(socket) {
  try {
    socket?.close(CLOSE.NORMAL.code, CLOSE.NORMAL.reason);
  } catch {
    // It is closed.
  }
}
