/** What a socket of many tokens is asked for, and what it has answered. Each token has one command under way at most. Pure. */

/** @typedef {"all" | "latest"} Delivery */

/**
 * The delivery of a token that is wanted, that the server has confirmed, and that it was asked for and has not answered. null: none;
 * undefined: nothing is asked.
 * @typedef {{wanted: Delivery | null, served: Delivery | null, asked?: Delivery | null}} Seat
 */

export class Roster {
  /** By token. @type {Map<string, Seat>} */
  #seats = new Map();

  /** How many tokens the server may count. */
  get size() {
    return this.#seats.size;
  }

  /** @param {string} token @param {Delivery | null} delivery null: the token is to be left */
  want(token, delivery) {
    const seat = this.#seats.get(token) ?? { wanted: null, served: null };
    seat.wanted = delivery;
    this.#keep(token, seat);
  }

  /** The tokens to subscribe and to unsubscribe now. They count as asked. */
  takeDue() {
    /** @type {{joining: string[], leaving: string[]}} */
    const due = { joining: [], leaving: [] };
    for (const [token, seat] of this.#seats) {
      // On AWS each message is its own invocation: a second command about a token could overtake the first.
      if (seat.asked !== undefined || seat.wanted === seat.served) continue;
      seat.asked = seat.wanted;
      (seat.wanted === null ? due.leaving : due.joining).push(token);
    }
    return due;
  }

  /** Notes that the server did as it was asked. What it says unasked changes nothing. @param {string} token @param {boolean} isServed */
  confirm(token, isServed) {
    const seat = this.#seats.get(token);
    if (seat?.asked === undefined || isServed === (seat.asked === null)) return;
    seat.served = seat.asked;
    seat.asked = undefined;
    this.#keep(token, seat);
  }

  /** Notes that the server does not serve the token, whatever it was asked. @param {string} token */
  drop(token) {
    this.#seats.delete(token);
  }

  /** @param {string} token @param {Seat} seat */
  #keep(token, seat) {
    if (seat.wanted === null && seat.served === null && seat.asked === undefined) this.#seats.delete(token);
    else this.#seats.set(token, seat);
  }
}
