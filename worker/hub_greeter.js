/**
 * Greets the subscriptions of a hub's clients: says that they are in force, and sends what comes first. While a room is not
 * there nobody is greeted, because what the hub remembers of it may be old.
 */

import { packed } from "./frames.js";
import { openingOf, shortened } from "./hub_opening.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { moved, subscribed } from "./messages.js";
import { Ring } from "./ring.js";

/** @typedef {import("./hub_client.js").HubClient} HubClient */
/** @typedef {import("./hub_client.js").Subscription} Subscription */
/** @typedef {import("./hub_opening.js").Recalled} Recalled */
/** @typedef {import("./link.js").Link} Link */

export class HubGreeter {
  #ring;
  #links;
  #recall;
  /** Clients that wait for the openings of other tokens. @type {Set<HubClient>} */
  #patient = new Set();
  /** Subscriptions whose rooms are asked what they remember, by link. @type {Map<Link, Set<Subscription>>} */
  #asking = new Map();
  /** What the rooms said. @type {WeakMap<Subscription, Recalled>} */
  #recalled = new WeakMap();

  /**
   * @param {object} hub
   * @param {import("./hub_ring.js").HubRing} hub.ring
   * @param {import("./links.js").Links} hub.links
   * @param {(token: string) => Promise<import("./ring.js").Past | null>} hub.recall asks the room
   */
  constructor({ ring, links, recall }) {
    this.#ring = ring;
    this.#links = links;
    this.#recall = recall;
  }

  /** Greets those who wait for a room that was heard. @param {Link} link */
  admit(link) {
    if (!link.isLive) return;
    const clients = new Set([...link.waiting].map((subscription) => subscription.client));
    for (const subscription of link.waiting) subscription.client.ready.add(subscription);
    link.waiting.clear();
    for (const client of clients) this.#greetSoon(client);
  }

  /** @param {HubClient} client */
  #greetSoon(client) {
    const waits = [...client.subscriptions.values()].some((subscription) => subscription.since === Infinity && !client.ready.has(subscription));
    if (!waits) return this.greet(client);
    if (this.#patient.size === 0) {
      setTimeout(() => {
        const patient = this.#patient;
        this.#patient = new Set();
        for (const each of patient) this.greet(each);
      }, LIMITS.openingMs);
    }
    this.#patient.add(client);
  }

  /**
   * Greets what can be greeted of a client's subscriptions. One that does not read has to wait.
   * @param {HubClient} client
   */
  greet(client) {
    if (client.ready.size === 0 || client.isClosed) return;
    client.flush(); // what it is owed of other tokens
    if (client.isFull) client.stall(this.#ring.end);
    if (client.isStalled) return;
    /** @type {Subscription[]} */
    const greeted = [];
    /** @type {import("./frames.js").Item[]} */
    const items = [];
    for (const subscription of client.ready) {
      const link = this.#links.of(subscription.token);
      if (link === undefined) continue;
      client.ready.delete(subscription);
      const opening = link.isLive ? this.#openingOf(subscription, link) : this.#wait(subscription, link);
      if (opening === null) continue;
      greeted.push(subscription);
      for (const item of items.length + opening.length > LIMITS.openingUpdates ? shortened(subscription, this.#ring) : opening) items.push(item);
      subscription.since = this.#ring.end;
    }
    this.#say(client, greeted, items);
  }

  /**
   * @param {HubClient} client
   * @param {readonly Subscription[]} greeted
   * @param {readonly import("./frames.js").Item[]} items
   */
  #say(client, greeted, items) {
    const listed = greeted.filter(({ isList }) => isList).map(({ token }) => token);
    if (listed.length > 0) client.say(subscribed(listed, true));
    for (const { token, isList } of greeted) if (!isList) client.say(subscribed([token], false));
    for (const { text } of packed(items)) client.say(text);
    for (const { token, after } of greeted) {
      const order = this.#links.of(token)?.moved;
      if (order) client.say(moved({ ...order, after: this.#ring.lastId(token) ?? after }));
    }
  }

  /** @param {Subscription} subscription @param {Link} link */
  #openingOf(subscription, link) {
    const opening = openingOf(subscription, this.#ring, this.#recalled.get(subscription) ?? null);
    if (opening === null) this.#ask(subscription, link);
    return opening;
  }

  /** @param {Subscription} subscription @param {Link} link */
  #wait(subscription, link) {
    link.waiting.add(subscription);
    return null;
  }

  /**
   * Asks the room, once for all who wait for it.
   * @param {Subscription} subscription
   * @param {Link} link
   */
  #ask(subscription, link) {
    const asking = this.#asking.get(link);
    if (asking !== undefined) return void asking.add(subscription);
    this.#asking.set(link, new Set([subscription]));
    void this.#answer(link);
  }

  /** @param {Link} link */
  async #answer(link) {
    const { end } = this.#ring;
    const past = await this.#tryToRecall(link.token);
    const asking = this.#asking.get(link) ?? [];
    this.#asking.delete(link);
    const recalled = past === null ? null : { past: new Ring(past), number: end };
    for (const subscription of asking) {
      if (!link.followers.has(subscription)) continue;
      link.waiting.add(subscription);
      if (recalled !== null) this.#recalled.set(subscription, recalled);
    }
    if (recalled !== null) this.admit(link);
    else setTimeout(() => this.admit(link), LIMITS.tendMs); // it was reading the table, or did not answer
  }

  /** @param {string} token */
  async #tryToRecall(token) {
    try {
      return await this.#recall(token);
    } catch (error) {
      log("room_not_asked", { token, error: String(error) });
      return null;
    }
  }
}
