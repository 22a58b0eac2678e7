/**
 * A hub's links, one for each token that any of its clients follows. A few rooms are opened at a time, first those with the
 * most followers: Cloudflare lets a Worker wait for six connections only.
 */

import { Link } from "./link.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";

/** @typedef {import("./hub_client.js").Subscription} Subscription */

/**
 * Opens a room for a hub. Throws if it cannot be reached, or has no seat.
 * @typedef {(link: Link, signal: AbortSignal) => Promise<WebSocket>} Open
 */

export class Links {
  /** @type {Map<string, Link>} */
  #links = new Map();
  #maximum;
  #open;
  #hearer;
  #opening = 0;
  /** The most tokens that a client lacked which was sent away. */
  #lacked = 1;

  /**
   * @param {number} maximum of tokens
   * @param {Open} open
   * @param {import("./link.js").Hearer} hearer
   */
  constructor(maximum, open, hearer) {
    this.#maximum = maximum;
    this.#open = open;
    this.#hearer = hearer;
  }

  /**
   * Whether a client would be sent away that lacks as many tokens as one that was sent away before. Or that one would be let in
   * again and sent away again, for ever.
   */
  get isFull() {
    return this.#links.size + this.#lacked > this.#maximum;
  }

  /** @param {string} token */
  of(token) {
    return this.#links.get(token);
  }

  /** A list of its own. */
  all() {
    return [...this.#links.values()];
  }

  /** Whether there can be a link for each of `tokens`. @param {readonly string[]} tokens */
  haveRoomFor(tokens) {
    return this.#links.size + this.#lackingOf(tokens) <= this.#maximum;
  }

  /**
   * A client is sent away: there is no room for its tokens. Returns how many it lacked.
   * @param {readonly string[]} tokens all of them, each once; those that nobody else follows have no link any more
   */
  noteSentAway(tokens) {
    const lacking = this.#lackingOf(tokens);
    this.#lacked = Math.max(this.#lacked, lacking);
    return lacking;
  }

  /** @param {Subscription} subscription */
  follow(subscription) {
    const { token } = subscription;
    let link = this.#links.get(token);
    if (link === undefined) this.#links.set(token, (link = new Link(token, this.#hearer)));
    link.followers.add(subscription);
    link.waiting.add(subscription);
    return link;
  }

  /**
   * Returns whether that was the last follower, and the link is gone.
   * @param {Subscription} subscription
   */
  leave(subscription) {
    const link = this.#links.get(subscription.token);
    if (link === undefined || !link.followers.delete(subscription)) return false;
    link.waiting.delete(subscription);
    if (link.followers.size > 0) return false;
    this.#links.delete(link.token);
    link.close();
    return true;
  }

  /** Opens what is closed, as far as may be. */
  openSome() {
    while (this.#opening < LIMITS.opensAtOnce) {
      const link = this.#next();
      if (link === undefined) return;
      void this.#openOne(link);
    }
  }

  /**
   * A link has ended, or could not be opened.
   * @param {Link} link
   */
  openAgain(link) {
    const delayMs = Math.random() * Math.min(LIMITS.reopenMs * 2 ** link.failures, LIMITS.reopenMaxMs);
    link.failures += 1;
    link.isResting = true;
    // No due time is compared: workerd cuts a delay to whole milliseconds, and in the timer a Worker's clock shows no later time. It
    // would not be due, and nothing else opens the room.
    setTimeout(() => {
      link.isResting = false;
      this.openSome();
    }, delayMs);
  }

  /** @param {readonly string[]} tokens */
  #lackingOf(tokens) {
    return tokens.filter((token) => !this.#links.has(token)).length;
  }

  #next() {
    /** @type {Link | undefined} */
    let next;
    for (const link of this.#links.values()) {
      if (!link.isClosed || link.isResting) continue;
      if (next === undefined || link.followers.size > next.followers.size) next = link;
    }
    return next;
  }

  /** @param {Link} link */
  async #openOne(link) {
    this.#opening += 1;
    link.opening(Date.now());
    // Not AbortSignal.timeout: its end would close the socket, too, that was opened long before.
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), LIMITS.openMs);
    try {
      const socket = await this.#open(link, patience.signal);
      link.opened(socket, Date.now());
      if (this.#links.get(link.token) !== link) link.close(); // everybody has left meanwhile
    } catch (error) {
      log("room_not_opened", { token: link.token, error: String(error) });
      link.close();
      if (this.#links.get(link.token) === link) this.openAgain(link);
    }
    clearTimeout(timer);
    this.#opening -= 1;
    this.openSome();
  }
}
