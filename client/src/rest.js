/** The parts of a stack's REST API that a feed needs: discovery, prices and candles. */

import { firstIdOf } from "./ids.js";
import { asksForAnother } from "./pass.js";
import { isFinal, Refusal } from "./refusal.js";

/** @typedef {import("../glow.js").Candle} Candle */
/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("../glow.js").Route} Route */
/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {import("./scope.js").Scope} Scope */

/**
 * Where to connect, and the first id of the second in which the stack said so.
 * @typedef {{route: Route, askedAt: string | null}} Place
 */

/** @typedef {{code: string, message: string}} StackError */
/** What /connect answers about one of many tokens. @typedef {Route | {error: StackError}} Answer */

export const ANSWER_MS = 10_000; // how long a socket may take to be ready, and a ping or a request to be answered

const TOO_OLD = "this stack serves no feeds: bring it up to date, or use subscribe()";
const NO_CANDLES = "this stack serves no candles: bring it up to date";

/** An answer that is none of the stack's own refusals. */
class Failure extends Error {
  /** @param {string} message @param {number} [status] */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export class Rest {
  #api;
  #pass;
  /** How far the stack's clock is ahead of the device's. @type {number | null} */
  #aheadMs = null;

  /** @param {string} api @param {string | undefined} region @param {Pass | null} pass */
  constructor(api, region, pass) {
    this.#api = api.replace(/\/+$/, "");
    this.region = region;
    this.#pass = pass;
  }

  /** @param {Scope} scope @param {string} token @param {string | null} avoid a path @returns {Promise<Place>} */
  async route(scope, token, avoid) {
    const [route, date] = await this.#get(scope, `/connect/${token}`, { region: this.region, avoid });
    if (route.protocol === undefined) throw new Error(`${this.#api}/connect answers no route`);
    return placeOf(route, date);
  }

  /**
   * The places of many tokens, in the order of `tokens`; an error for each that has none.
   * @param {Scope} scope
   * @param {readonly string[]} tokens
   * @param {string | null} avoid
   * @returns {Promise<(Place | Error)[]>}
   */
  async routes(scope, tokens, avoid) {
    try {
      // A comma needs no escape, and API Gateway takes 10 KB of address and headers.
      const [{ routes }, date] = await this.#get(scope, `/connect?tokens=${tokens}`, { region: this.region, avoid });
      if (routes?.length !== tokens.length) throw new Error(`${this.#api}/connect answers no routes`);
      return routes.map((/** @type {Answer} */ answer) => {
        return "error" in answer ? errorOf(answer.error) : placeOf(answer, date);
      });
    } catch (error) {
      // A gateway's 404 may pass. Where one token can be asked for and many cannot, it does not.
      if (/** @type {Failure} */ (error).status === 404 && !(await this.route(scope, tokens[0], avoid)).route.live) throw new Refusal("UNSUPPORTED", TOO_OLD);
      throw error;
    }
  }

  /** The newest price alone, or nothing if there is none yet. @param {Scope} scope @param {string} token @returns {Promise<Update[]>} */
  async newest(scope, token) {
    return (await this.#get(scope, `/tokens/${token}/price`)).slice(0, 1);
  }

  /**
   * A page of the prices with ids above `after`, ascending.
   * @param {Scope} scope
   * @param {string} token
   * @param {string} after
   * @returns {Promise<{prices: Update[], next: string | null}>}
   */
  async page(scope, token, after) {
    return (await this.#get(scope, `/tokens/${token}/prices`, { after }))[0];
  }

  /**
   * Candles, ascending, of all pages, and the second of the stack's clock; 0 if that is not known.
   * @param {Scope} scope
   * @param {string} token
   * @param {{interval: string, currency: string, from?: number, limit?: number}} query
   * @returns {Promise<{candles: Candle[], second: number}>}
   */
  async candles(scope, token, { from, limit, ...query }) {
    /** @type {Candle[]} */
    const candles = [];
    for (let next = from; ; ) {
      const [page, date] = await this.#get(scope, `/tokens/${token}/candles`, { ...query, from: next?.toString(), limit: limit?.toString() }).catch((error) => {
        // A feed has found the stack, so this is no gateway's 404 that passes.
        throw error.status === 404 ? new Refusal("UNSUPPORTED", NO_CANDLES) : error;
      });
      for (const candle of page.candles) candles.push({ ...candle, running: candle.running === true });
      if (page.next === null) return { candles, second: date ? Date.parse(date) / 1_000 : 0 };
      next = page.next;
    }
  }

  /**
   * How long until a time of the stack's clock; null if that clock is not known. The device's clock may be wrong.
   * @param {Scope} scope
   * @param {number} timestamp Unix seconds
   */
  msUntil(scope, timestamp) {
    return this.#aheadMs === null ? null : timestamp * 1_000 - this.#aheadMs - scope.host.nowMs();
  }

  /**
   * @param {Scope} scope
   * @param {string} path
   * @param {Record<string, string | null | undefined>} [query]
   * @returns {Promise<any[]>} the body and the header Date; nothing if there is no price yet
   */
  async #get(scope, path, query = {}) {
    const url = this.#api + path + queryOf(query, path.includes("?"));
    try {
      for (let isLastTry = this.#pass === null; ; isLastTry = true) {
        const grant = this.#pass?.get();
        const { status, ok, text, date } = await ask(scope, url, await grant);
        if (ok) {
          if (date) this.#aheadMs = Date.parse(date) - scope.host.nowMs();
          return [JSON.parse(text), date];
        }
        const { code, message } = errorIn(text);
        if (code === "NO_PRICE") return [];
        if (grant !== undefined && asksForAnother(code)) {
          this.#pass?.drop(grant);
          if (!isLastTry) continue;
        }
        if (status < 500 && isFinal(code)) throw new Refusal(code, message);
        throw new Failure(`HTTP status ${status} ${text.slice(0, 200)}`, status);
      }
    } catch (error) {
      const { message, status } = /** @type {Failure} */ (error);
      throw error instanceof Refusal ? error : new Failure(`${url}: ${message}`, status);
    }
  }
}

/** @param {Scope} scope @param {string} url @param {string | undefined} bearer */
async function ask(scope, url, bearer) {
  if (scope.isOver) throw new Error("nobody wants the answer any more"); // it may have ended while the app made a pass
  const controller = new AbortController();
  const abort = () => controller.abort();
  const cancel = scope.later(ANSWER_MS, abort, abort);
  try {
    const response = await scope.host.fetch(url, controller, bearer);
    const { status, ok, headers } = response;
    return { status, ok, text: await response.text(), date: headers.get("date") };
  } finally {
    cancel();
  }
}

/** @param {Route} route @param {string | null} date @returns {Place} */
const placeOf = (route, date) => ({ route, askedAt: date && firstIdOf(Date.parse(date) / 1_000) });

/** @param {StackError} error */
const errorOf = ({ code, message }) => (isFinal(code) ? new Refusal(code, message) : new Error(`${code}: ${message}`));

/** The stack's own error in a body; empty if somebody else answered. @param {string} text @returns {any} */
function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}

/**
 * Builds the query as text, because React Native's URL has no searchParams.
 * @param {Record<string, string | null | undefined>} fields
 * @param {boolean} [goesOn] whether the URL has a query already
 */
export function queryOf(fields, goesOn = false) {
  const text = Object.entries(fields).map(([name, value]) => (value == null ? "" : `&${name}=${encodeURIComponent(value)}`)).join("");
  return goesOn ? text : text.replace("&", "?");
}
