/** The Worker with extra methods of its rooms, for what tests must cause or see and clients cannot. */

import { Connection } from "../../../worker/connection.js";
import { regionOf } from "../../../worker/hub_choice.js";
import worker, { BroadcastRoom as Room, ClientHub as Hub } from "../../../worker/index.js";
import { HubClient } from "../../../worker/hub_client.js";
import { LIMITS } from "../../../worker/limits.js";
import { PING, PONG } from "../../../worker/messages.js";
import { hubOf } from "../../../worker/rooms.js";

let wakes = 0;
let hubWakes = 0;
let crashes = 0;
/** How rooms treat those that open them: after so many ms, and not at all if `refuses`. */
const doors = { delayMs: 0, refuses: /** @type {string[]} */ ([]) };
let isHalfOpen = false;
/** The rooms that were opened, in order; how many are being opened, and were at most. */
const opens = { tokens: /** @type {string[]} */ ([]), now: 0, most: 0 };
/** By all rooms; Cloudflare bills them. */
let rowsWritten = 0;

export class BroadcastRoom extends Room {
  /** @param {DurableObjectState} ctx @param {import("../../../worker/settings.js").Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    wakes += 1;
    if (isHalfOpen) this.halfOpen();
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = (/** @type {string} */ query, /** @type {any[]} */ ...values) => {
      const cursor = exec(query, ...values);
      rowsWritten += cursor.rowsWritten;
      return cursor;
    };
  }

  /** @param {Request} request */
  async fetch(request) {
    const token = this.ctx.id.name ?? "";
    opens.tokens.push(token);
    opens.most = Math.max(opens.most, (opens.now += 1));
    try {
      if (doors.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, doors.delayMs));
      if (doors.refuses.includes(token)) return new Response(null, { status: 500 });
      if (isHalfOpen) this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
      isHalfOpen = false;
      return await super.fetch(request);
    } finally {
      opens.now -= 1;
    }
  }

  /** What its sockets bring or take is lost from now on, as if the network between were gone. The next that is opened is sound. */
  halfOpen() {
    isHalfOpen = true;
    this.ctx.setWebSocketAutoResponse();
    for (const socket of this.ctx.getWebSockets()) socket.send = () => {};
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} message */
  webSocketMessage(socket, message) {
    if (!isHalfOpen) super.webSocketMessage(socket, message);
  }

  /** How many sockets it has. */
  sockets() {
    return this.ctx.getWebSockets().length;
  }

  /** Ends the object like a crash: memory, sockets and unsaved updates are lost. */
  crash() {
    this.ctx.abort("crash");
  }

  /** Runs the alarm now, as if the room had been idle. */
  async save() {
    await this.ctx.storage.deleteAlarm();
    this.#later(LIMITS.saveIdleMs, () => this.alarm());
  }

  /**
   * Takes an update, and runs the alarm, as if time had passed.
   * @param {{ms: number, update: import("../../../worker/update.js").Update}} message
   */
  async busyAfter({ ms, update }) {
    await this.ctx.storage.deleteAlarm();
    this.#later(ms, () => {
      this.broadcast({ updates: [update], stored: true });
      this.alarm();
    });
  }

  /**
   * Takes several broadcasts in one event, so that no pause can end between them.
   * @param {{updates: import("../../../worker/update.js").Update[]}} message
   */
  broadcastEach({ updates }) {
    for (const update of updates) this.broadcast({ updates: [update], stored: true });
  }

  /** @param {{updates: import("../../../worker/update.js").Update[], servedFromMs: number}} message */
  broadcastThenMove({ updates, servedFromMs }) {
    this.broadcastEach({ updates });
    this.moveHere({ servedFromMs });
  }

  /** @param {{updates: import("../../../worker/update.js").Update[], stored?: boolean}} message */
  broadcast(message) {
    if (crashes > 0) {
      crashes -= 1;
      this.ctx.abort("crash");
    }
    return super.broadcast(message);
  }

  /** The next broadcasts to any room find it reset. @param {{times: number}} message */
  crashNext({ times }) {
    crashes = times;
  }

  /** Looks after its seats as if time had passed. @param {{ms: number}} message */
  sweepAfter({ ms }) {
    this.#later(ms, () => this.broadcast({ updates: [] }));
  }

  /** When each client was heard last, Unix time. */
  heardMs() {
    return this.ctx.getWebSockets().map((socket) => Connection.revive(socket, this.ctx, 0).heardMs);
  }

  /** @param {number} ms @param {() => void} act */
  #later(ms, act) {
    const { now } = Date;
    Date.now = () => now() + ms;
    try {
      act();
    } finally {
      Date.now = now;
    }
  }

  /** What the room has stored; nulls and zeros if it has never written. */
  async stored() {
    const count = (/** @type {string} */ query) => Number(this.ctx.storage.sql.exec(query).one().n);
    const isEmpty = count("SELECT count(*) AS n FROM sqlite_master WHERE name IN ('room', 'chunk')") === 0;
    return {
      hasAlarm: (await this.ctx.storage.getAlarm()) !== null,
      hasUnsaved: isEmpty ? null : count("SELECT is_open AS n FROM room") === 1,
      chunks: isEmpty ? 0 : count("SELECT count(*) AS n FROM chunk"),
    };
  }

  /** The time of the alarm; null if none is set. */
  alarmMs() {
    return this.ctx.storage.getAlarm();
  }

  /**
   * Writes to the room's database directly, to make the data of an older version, or damaged data.
   * @param {{sql: string}} message
   */
  execute({ sql }) {
    this.ctx.storage.sql.exec(sql);
  }

  stalled() {
    return this.ctx.getWebSockets().filter((socket) => socket.deserializeAttachment().stall !== null).length;
  }
}

/** Clients of hubs that are held back. */
let held = 0;
for (const [name, change] of /** @type {const} */ ([["stall", 1], ["resume", -1]])) {
  const act = HubClient.prototype[name];
  HubClient.prototype[name] = function (/** @type {any[]} */ ...given) {
    if (this.isStalled === (change < 0)) held += change;
    return Reflect.apply(act, this, given);
  };
}

export class ClientHub extends Hub {
  /** @param {DurableObjectState} ctx @param {import("../../../worker/settings.js").Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    hubWakes += 1;
  }

  /** Ends the object like a crash: memory and sockets are lost. */
  crash() {
    this.ctx.abort("crash");
  }
}

export default {
  /** @param {Request} request @param {import("../../../worker/settings.js").Env} env */
  async fetch(request, env) {
    const [, probe, what, token] = new URL(request.url).pathname.split("/");
    if (probe !== "probe") return worker.fetch(request, env);
    if (what === "wakes") return Response.json(wakes);
    if (what === "hubWakes") return Response.json(hubWakes);
    if (what === "rowsWritten") return Response.json(rowsWritten);
    if (what === "held") return Response.json(held);
    if (what === "opens") return Response.json(opens);
    if (what === "doors") return Response.json(Object.assign(doors, await request.json()));
    const hub = /** @type {any} */ (hubOf(regionOf(request.cf), Number(token), env));
    if (what === "hubStatus") {
      const { status, webSocket } = await hub.fetch("https://hub/", { headers: { upgrade: "websocket" } });
      webSocket?.accept();
      webSocket?.close();
      return Response.json(status);
    }
    if (what === "crashHub") {
      return hub.crash().then(() => Response.json(null), (/** @type {unknown} */ error) => Response.json(String(error)));
    }
    const room = /** @type {any} */ (env.BROADCAST_ROOM.getByName(token));
    if (what === "ws") return room.fetch(`https://room/${new URL(request.url).search}`, { headers: { upgrade: "websocket" } });
    try {
      return Response.json((await room[what](await request.json())) ?? null);
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};
