/**
 * Which hub a client gets: one near it, at random among the first n of its region. Nobody knows all hubs, so each isolate of
 * the Worker remembers which ones were full lately: it does not ask those, and n is the smallest power of two of which at most
 * half are. So there are not many more hubs than clients need, each with sockets to the rooms of their tokens.
 */

import { LIMITS } from "./limits.js";

/** @typedef {import("./settings.js").LocationHint} LocationHint */

export class HubChoice {
  /** Region → number of a hub that was full → Unix time from which it is asked again. @type {Map<string, Map<number, number>>} */
  #full = new Map();
  #random;

  /** @param {() => number} [random] from 0 to 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * The numbers of hubs to try one after the other. An isolate that has seen few clients knows few of the full hubs, so each
   * next number is among as many new ones as there were before.
   * @param {string} region
   * @param {number} nowMs
   * @returns {Generator<number>}
   */
  *numbers(region, nowMs) {
    const full = this.#fullOf(region, nowMs);
    let [from, to] = [0, 1];
    while (to < 2 * full.size) to *= 2;
    for (let tries = 0; tries < LIMITS.hubTries; tries += 1) {
      if (to > LIMITS.hubs) [from, to] = [0, LIMITS.hubs];
      yield this.#pick(from, to, full);
      [from, to] = [to, 2 * to];
    }
  }

  /**
   * A hub was asked, and is full.
   * @param {string} region
   * @param {number} number
   * @param {number} nowMs
   */
  noteFull(region, number, nowMs) {
    this.#fullOf(region, nowMs).set(number, nowMs + LIMITS.hubFullMs);
  }

  /** @param {string} region @param {number} nowMs */
  #fullOf(region, nowMs) {
    const full = this.#full.get(region) ?? new Map();
    this.#full.set(region, full);
    for (const [number, untilMs] of full) if (untilMs <= nowMs) full.delete(number);
    return full;
  }

  /**
   * One that is not known to be full, if there is one.
   * @param {number} from
   * @param {number} to not included
   * @param {Map<number, number>} full
   */
  #pick(from, to, full) {
    const all = Array.from({ length: to - from }, (_, index) => from + index);
    const others = all.filter((number) => !full.has(number));
    const among = others.length > 0 ? others : all;
    return among[Math.floor(this.#random() * among.length)];
  }
}

/** Where the line is between the west and the east of a continent, degrees of longitude. */
const WEST_OF_AMERICA = -100;
const EAST_OF_EUROPE = 20;
const EAST_OF_ARABIA = 60;

/**
 * The region of a client, as Cloudflare names places for objects; null if it is not known.
 * @param {Request["cf"] | {continent?: unknown, longitude?: unknown}} [cf] what Cloudflare says of the client
 * @returns {LocationHint | null}
 */
export function regionOf(cf) {
  const { continent, longitude } = /** @type {{continent?: unknown, longitude?: unknown}} */ ({ ...cf });
  const degrees = Number(longitude);
  switch (continent) {
    case "NA":
      return degrees < WEST_OF_AMERICA ? "wnam" : "enam";
    case "SA":
      return "sam";
    case "EU":
      return degrees > EAST_OF_EUROPE ? "eeur" : "weur";
    case "AS":
      return degrees < EAST_OF_ARABIA ? "me" : "apac";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return null;
  }
}
