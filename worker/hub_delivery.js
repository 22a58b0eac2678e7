/** Sends what rooms send a hub to the hub's clients: to each one frame for all its tokens, at the speed at which it reads. */

import { CLOSE } from "./close.js";
import { gapOf } from "./hub_opening.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { Rounds } from "./rounds.js";

/** @typedef {import("./hub_client.js").HubClient} HubClient */
/** @typedef {import("./hub_client.js").Subscription} Subscription */
/** @typedef {import("./hub_client.js").Numbered} Numbered */
/** @typedef {import("./hub_ring.js").Entry} Entry */
/** @typedef {import("./hub_ring.js").Item} Item */

export class HubDelivery {
  #ring;
  #links;
  #greeter;
  #drop;
  /** @type {Rounds<HubClient>} */
  #rounds = new Rounds();
  /** Stalled clients that are looked at again soon. @type {Set<HubClient>} */
  #held = new Set();

  /**
   * @param {object} hub
   * @param {import("./hub_ring.js").HubRing} hub.ring
   * @param {import("./links.js").Links} hub.links
   * @param {import("./hub_greeter.js").HubGreeter} hub.greeter
   * @param {(client: HubClient, close: import("./close.js").Close) => void} hub.drop closes a client
   */
  constructor({ ring, links, greeter, drop }) {
    this.#ring = ring;
    this.#links = links;
    this.#greeter = greeter;
    this.#drop = drop;
  }

  /**
   * Appends to the ring, and sends to everyone who follows.
   * @param {readonly Item[]} items
   * @param {(sockets: number) => void} whenWritten
   */
  send(items, whenWritten) {
    for (const { token, text } of items) this.#links.of(token)?.acknowledge(text.length);
    /** @type {Set<HubClient>} */
    const clients = new Set();
    for (const entry of this.#ring.append(items)) {
      for (const subscription of this.#links.of(entry.token)?.followers ?? []) {
        if (!this.#isFor(subscription, entry)) continue;
        const { client } = subscription;
        if (!client.isStalled) client.add(entry);
        clients.add(client);
      }
    }
    this.#rounds.start([...clients], (client) => {
      if (client.isStalled) this.tend(client);
      else client.flush();
      this.#watch(client);
      return !client.isClosed;
    }, whenWritten);
  }

  /**
   * Goes on sending to a stalled client that has read everything sent so far. Gives one up that has stalled too long.
   * @param {HubClient} client
   */
  tend(client) {
    if (!client.isStalled || client.isClosed) return;
    if (client.isDrained) this.#catchUp(client);
    else if (client.hasStalledTooLong(Date.now())) {
      log("closed_slow_client", { tokens: client.subscriptions.size });
      this.#drop(client, CLOSE.TOO_SLOW);
    }
    this.#watch(client);
  }

  /** A client that reads again gets far more than one buffer full, so it is not left to the next look at all. @param {HubClient} client */
  #watch(client) {
    if (!client.isStalled || client.isClosed) return;
    if (this.#held.size === 0) {
      setTimeout(() => {
        const held = this.#held;
        this.#held = new Set();
        for (const each of held) this.tend(each);
      }, LIMITS.heldMs);
    }
    this.#held.add(client);
  }

  /** @param {HubClient} client */
  #catchUp(client) {
    const { reached: from } = client;
    client.resume();
    const { entries, reached } = this.#ring.after(from, (entry) => this.#isWanted(client, entry), LIMITS.openingUpdates);
    client.deliver([...this.#lost(client, from), ...entries]);
    if (reached < this.#ring.end) client.stall(reached);
    else this.#greeter.greet(client);
  }

  /**
   * GAPs for what has left the ring meanwhile, and the newest prices of tokens of which a client wants no more.
   * @param {HubClient} client
   * @param {number} from
   * @returns {Numbered[]}
   */
  #lost(client, from) {
    const number = from + 1;
    return [...client.subscriptions.values()].flatMap(({ token, delivery, since }) => {
      const { hasLost, until } = this.#ring.lossAfter(token, Math.max(from, since));
      if (!hasLost) return [];
      const newest = this.#ring.newest(token);
      if (delivery === "all" || newest === null) return [{ ...gapOf(token, null, until), number }];
      return until === null ? [{ ...newest, number }] : [];
    });
  }

  /** @param {HubClient} client @param {Entry} entry */
  #isWanted(client, entry) {
    const subscription = client.subscriptions.get(entry.token);
    return subscription !== undefined && this.#isFor(subscription, entry);
  }

  /**
   * Whether it is new to a subscription. `delivery=latest` wants only the newest of the updates that come together.
   * @param {Subscription} subscription
   * @param {Entry} entry
   */
  #isFor({ delivery, since }, entry) {
    return entry.number > since && (delivery === "all" || entry.kind !== "update" || entry === this.#ring.newest(entry.token));
  }
}
