/**
 * A hub: a Durable Object with the sockets of clients that follow many tokens. To the rooms of those tokens it is a client
 * itself, over one WebSocket for each (link.js). So the rooms order, deduplicate and remember, and a hub stores nothing: if
 * it is reset, its clients come back with their cursors.
 *
 * Its sockets are accepted in the ordinary way, without hibernation: an eviction closes them, instead of leaving clients
 * that are answered pongs and no prices.
 */

import { DurableObject } from "cloudflare:workers";

import { EVERYTHING, notAuthorized, requireListed } from "./claims.js";
import { CLOSE, closeCodeInReplyTo } from "./close.js";
import { parseCommand } from "./commands.js";
import { badRequest, Refusal } from "./errors.js";
import { Flow } from "./flow.js";
import { HubClient } from "./hub_client.js";
import { HubDelivery } from "./hub_delivery.js";
import { HubGreeter } from "./hub_greeter.js";
import { HubRing } from "./hub_ring.js";
import { updateId } from "./ids.js";
import { LIMITS } from "./limits.js";
import { Links } from "./links.js";
import { verifyListener } from "./listeners.js";
import { log, logError, sampleLog } from "./log.js";
import { authorized, connected, error, moved, PONG, unsubscribed } from "./messages.js";
import { RateLimit } from "./rate.js";
import { callRoom, roomOf } from "./rooms.js";
import { Seats } from "./seats.js";
import { requireServed } from "./served.js";
import { settingsOf } from "./settings.js";

/** @typedef {import("./claims.js").Claims} Claims */
/** @typedef {import("./commands.js").Subscribe} Subscribe */
/** @typedef {import("./commands.js").Unsubscribe} Unsubscribe */
/** @typedef {import("./hub_ring.js").Item} Item */
/** @typedef {import("./link.js").Link} Link */
/** @typedef {import("./settings.js").Env} Env */

/** @extends {DurableObject<Env>} */
export class ClientHub extends DurableObject {
  #settings;
  #ring = new HubRing();
  #links;
  #greeter;
  #delivery;
  /** @type {Flow<Item>} */
  #flow;
  /** @type {Seats<HubClient>} */
  #seats;
  /** @type {RateLimit<HubClient>} */
  #inbound = new RateLimit(LIMITS.inboundPeriodMs);
  /** Runs while there are clients. @type {ReturnType<typeof setInterval> | null} */
  #timer = null;

  /**
   * @param {DurableObjectState} ctx
   * @param {Env} env
   */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    sampleLog(this.#settings.logSampling);
    const ring = this.#ring;
    this.#seats = new Seats(this.#settings.maxClientsPerHub, []);
    this.#links = new Links(this.#settings.maxTokensPerHub, (link, signal) => this.#openRoom(link, signal), {
      items: (_, items) => this.#flow.push(items),
      state: (link, state) => this.#take(link, state),
      moved: (link, text) => this.#pass(link, text),
      ended: (link, code) => this.#lose(link, code),
    });
    const links = this.#links;
    this.#greeter = new HubGreeter({ ring, links, recall: (token) => callRoom(() => this.#roomOf(token), (room) => room.recall()) });
    this.#delivery = new HubDelivery({ ring, links, greeter: this.#greeter, drop: (client, close) => this.#drop(client, close) });
    const pauseMs = () => Math.min(this.#settings.windowMs, LIMITS.pausePerClientMs * this.#seats.size);
    this.#flow = new Flow(pauseMs, (items, whenWritten) => this.#delivery.send(items, whenWritten), LIMITS.hubRoundUpdates);
  }

  /**
   * Opens a socket. The Worker has checked the client.
   * @param {Request} request `?colo=<data centre>&network=<address>`, both optional
   */
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const network = searchParams.get("network") ?? "";
    const isFull = this.#seats.isFull || this.#links.isFull;
    if (isFull || this.#seats.hasEnough(network)) {
      log("hub_seat_refused", { clients: this.#seats.size, is_full: isFull });
      return new Response(null, { status: isFull ? 503 : 429 });
    }
    const { 0: outside, 1: socket } = new WebSocketPair();
    socket.accept();
    const client = new HubClient(socket, network, this.#settings);
    this.#seats.take(client);
    if (this.#settings.listeners === null) client.claims = EVERYTHING;
    else this.#seats.keepUntil(client, Date.now() + LIMITS.authorizeMs); // a seat is for who may listen
    socket.addEventListener("message", ({ data }) => this.#hear(client, data));
    socket.addEventListener("close", ({ code, reason }) => this.#part(client, closeCodeInReplyTo(code), reason));
    socket.addEventListener("error", () => this.#part(client, CLOSE.FAILED.code, CLOSE.FAILED.reason));
    this.#timer ??= setInterval(() => this.#tend(), LIMITS.tendMs);
    client.say(connected(crypto.randomUUID(), searchParams.get("colo") ?? ""));
    return new Response(null, { status: 101, webSocket: outside });
  }

  /**
   * @param {HubClient} client
   * @param {string | ArrayBuffer} message
   */
  #hear(client, message) {
    if (client.isClosed) return; // what was under way when it was closed
    const nowMs = Date.now();
    client.acknowledge(nowMs);
    if (!this.#inbound.allows(client, LIMITS.commands, nowMs)) return this.#drop(client, CLOSE.TOO_MANY);
    try {
      this.#answer(client, message);
    } catch (refusal) {
      this.#refuse(client, refusal);
    }
  }

  /** @param {HubClient} client @param {unknown} refusal */
  #refuse(client, refusal) {
    if (refusal instanceof Refusal) return client.say(error(refusal.code, refusal.message));
    logError("command_failed", refusal);
    client.say(error("INTERNAL", "a fault of this server; its log has it"));
  }

  /**
   * @param {HubClient} client
   * @param {string | ArrayBuffer} message
   */
  #answer(client, message) {
    if (typeof message !== "string") throw badRequest("the message must be text, not bytes");
    if (message.length > LIMITS.commandBytes) throw badRequest(`the message is over ${LIMITS.commandBytes} bytes; send one command`);
    const command = parseCommand(message);
    switch (command.kind) {
      case "ping":
        return client.say(PONG);
      case "authorize":
        return void this.#authorize(client, command).catch((refusal) => this.#refuse(client, refusal));
      case "unsubscribe":
        return this.#unsubscribe(client, command);
      case "subscribe":
        return this.#subscribe(client, command);
    }
  }

  /**
   * Takes what the client shows, in place of what it has shown before.
   * @param {HubClient} client
   * @param {import("./commands.js").Authorize} command
   */
  async #authorize(client, { accessToken }) {
    const claims = await verifyListener(accessToken, this.#settings.listeners, Date.now());
    const { endsAtMs } = claims;
    client.claims = claims;
    this.#seats.keepUntil(client, endsAtMs);
    client.say(authorized(endsAtMs === Infinity ? null : endsAtMs / 1000));
    for (const token of [...client.subscriptions.keys()]) if (!this.#mayHear(client, claims, token)) this.#forget(client, token);
  }

  /**
   * Whether the client may hear `token`; it is told if it may not.
   * @param {HubClient} client
   * @param {Claims} claims
   * @param {string} token
   */
  #mayHear(client, claims, token) {
    try {
      requireListed(claims, token);
      requireServed(token, this.#settings);
      return true;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      client.say(error(refusal.code, refusal.message, token));
      return false;
    }
  }

  /** @param {HubClient} client @param {Subscribe} command */
  #subscribe(client, { wanted, isList }) {
    const { claims } = client;
    if (claims === null) throw notAuthorized();
    const known = wanted.filter(({ token }) => this.#mayHear(client, claims, token));
    const tokens = known.map(({ token }) => token);
    const all = [...new Set([...client.subscriptions.keys(), ...tokens])];
    const most = Math.min(LIMITS.clientTokens, this.#settings.maxTokensPerHub); // an empty hub has room for so many
    if (all.length > most) {
      const remedy = "unsubscribePrice some first, or open another connection";
      throw new Refusal("TOO_MANY_TOKENS", `a connection listens to at most ${most} tokens; ${remedy}`);
    }
    if (!this.#links.haveRoomFor(tokens)) return this.#sendAway(client, all);
    const links = new Set(known.map(({ token, after, delivery }) => {
      const before = client.subscriptions.get(token);
      client.forget(token);
      const subscription = { client, token, after, delivery, isList, since: Infinity };
      client.subscriptions.set(token, subscription);
      const link = this.#links.follow(subscription); // before the old one leaves, or the link would end
      if (before !== undefined) this.#links.leave(before);
      return link;
    }));
    for (const link of links) this.#greeter.admit(link);
    this.#links.openSome();
  }

  /**
   * Whoever comes back with so many tokens must get another hub.
   * @param {HubClient} client
   * @param {readonly string[]} tokens all that it wants
   */
  #sendAway(client, tokens) {
    this.#drop(client, CLOSE.HUB_FULL);
    const lacking = this.#links.noteSentAway(tokens);
    log("hub_client_sent_away", { tokens: tokens.length, lacking });
  }

  /** @param {HubClient} client @param {Unsubscribe} command */
  #unsubscribe(client, { tokens, isList }) {
    for (const token of tokens) this.#forget(client, token);
    client.say(unsubscribed(tokens, isList));
  }

  /** @param {HubClient} client @param {string} token */
  #forget(client, token) {
    const subscription = client.subscriptions.get(token);
    if (subscription === undefined) return;
    client.forget(token);
    if (!this.#links.leave(subscription)) return;
    this.#flow.flush(); // a later link must not find what this one has brought
    this.#ring.drop(token);
  }

  /** @param {string} token */
  #roomOf(token) {
    return roomOf(token, this.env, this.#settings);
  }

  /**
   * @param {Link} link
   * @param {AbortSignal} signal
   */
  async #openRoom(link, signal) {
    const after = this.#cursorOf(link);
    const wish = new URLSearchParams({ hub: String(link.followers.size), ...(after !== null && { after }) });
    const upgrade = { headers: { upgrade: "websocket" }, signal };
    const { status, webSocket } = await this.#roomOf(link.token).fetch(`https://room/?${wish}`, upgrade);
    if (webSocket === null) throw new Error(`the room answered ${status}`);
    return webSocket;
  }

  /**
   * Where a room begins to send: after what the hub has of it, or where the client with the oldest cursor needs it.
   * @param {Link} link
   */
  #cursorOf({ token, wasLive, waiting, greetedMs }) {
    if (wasLive) return this.#ring.lastId(token) ?? updateId(Math.floor(greetedMs / 1_000) - LIMITS.lateSeconds, 0, "0");
    const cursors = [...waiting].flatMap(({ after, delivery }) => (after === null || delivery === "latest" ? [] : [after]));
    const oldest = cursors.length === 0 ? null : cursors.reduce((one, other) => (other < one ? other : one));
    this.#ring.begin(token, oldest);
    return oldest;
  }

  /**
   * A room was heard: its clients can be greeted.
   * @param {Link} link
   * @param {import("./messages.js").RoomState} state
   */
  #take(link, state) {
    this.#flow.flush(); // so that the ring holds what the state is about
    this.#ring.note(link.token, state);
    this.#greeter.admit(link);
  }

  /**
   * A room sends its clients elsewhere. It serves until it closes, and so does the hub.
   * @param {Link} link
   * @param {string} text
   */
  #pass({ token }, text) {
    this.#flow.push([{ token, text, kind: "moved", isAlone: true, id: null }]);
    this.#flow.flush();
  }

  /** @param {Link} link @param {number} code */
  #lose(link, code) {
    this.#flow.flush();
    const order = link.moved;
    if (code !== CLOSE.MOVED.code || order === null) return this.#links.openAgain(link);
    this.#letGo(link, ({ token, after, since }) => {
      const cursor = since === Infinity ? after : this.#ring.lastId(token);
      return moved({ ...order, after: cursor, jitterMs: 0 });
    });
  }

  /**
   * Ends the subscriptions of a token, and tells each why.
   * @param {Link} link
   * @param {(subscription: import("./hub_client.js").Subscription) => string} messageFor
   */
  #letGo(link, messageFor) {
    for (const subscription of [...link.followers]) {
      const { client, token } = subscription;
      client.flush();
      client.say(messageFor(subscription));
      this.#forget(client, token);
    }
  }

  #tend() {
    const nowMs = Date.now();
    for (const link of this.#links.all()) {
      link.tend(nowMs);
      if (link.downSinceMs === null || nowMs - link.downSinceMs < LIMITS.linkDownMs) continue;
      log("room_unavailable", { token: link.token, followers: link.followers.size });
      const reason = `token ${link.token} cannot be served here now; ask /connect again`;
      this.#letGo(link, ({ token }) => error("UNAVAILABLE", reason, token));
    }
    for (const client of this.#seats.all()) this.#delivery.tend(client);
    const before = this.#seats.all();
    this.#seats.closeExpired(nowMs);
    this.#seats.sweep(nowMs);
    for (const client of before) if (client.isClosed) this.#leave(client);
  }

  /** @param {HubClient} client @param {import("./close.js").Close} close */
  #drop(client, close) {
    this.#leave(client);
    client.close(close);
  }

  /**
   * A client's socket is closing or has failed.
   * @param {HubClient} client
   * @param {number} code
   * @param {string} reason
   */
  #part(client, code, reason) {
    this.#leave(client);
    client.close({ code, reason, reconnect: false });
  }

  /** @param {HubClient} client */
  #leave(client) {
    this.#seats.leave(client.socket);
    for (const token of [...client.subscriptions.keys()]) this.#forget(client, token);
    if (this.#seats.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer); // the object may be evicted
    this.#timer = null;
  }
}
