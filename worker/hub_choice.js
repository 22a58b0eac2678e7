/**
 * Which hub a client gets: one near it, at random among the first n of its region. Nobody knows all hubs, so each isolate of
 * the Worker remembers its own n: it begins with 1, doubles when a hub is full, and shrinks again with time.
 */

import { LIMITS } from "./limits.js";

/** @typedef {import("./settings.js").LocationHint} LocationHint */

/** @typedef {{count: number, changedMs: number}} Known */

export class HubChoice {
  /** Region → how many hubs are used. @type {Map<string, Known>} */
  #known = new Map();
  #random;

  /** @param {() => number} [random] from 0 to 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * The number of a hub.
   * @param {string} region
   * @param {number} nowMs
   */
  choose(region, nowMs) {
    return this.#pick(0, this.#count(region, nowMs));
  }

  /**
   * The number of another hub, because one is full.
   * @param {string} region
   * @param {number} nowMs
   */
  chooseAnother(region, nowMs) {
    const before = this.#count(region, nowMs);
    const count = Math.min(2 * before, LIMITS.hubs);
    this.#known.set(region, { count, changedMs: nowMs });
    return this.#pick(count === before ? 0 : before, count); // among the new ones, which are less full
  }

  /** @param {string} region @param {number} nowMs */
  #count(region, nowMs) {
    const { count, changedMs } = this.#known.get(region) ?? { count: 1, changedMs: nowMs };
    const periods = Math.floor((nowMs - changedMs) / LIMITS.hubsShrinkMs);
    if (periods === 0) return count;
    const shrunk = Math.max(1, Math.floor(count / 2 ** periods));
    this.#known.set(region, { count: shrunk, changedMs: changedMs + periods * LIMITS.hubsShrinkMs });
    return shrunk;
  }

  /** @param {number} from @param {number} to not included */
  #pick(from, to) {
    return from + Math.floor(this.#random() * (to - from));
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
