/** The parts of a stack's REST API that a subscription needs: discovery and prices. */

import { firstIdOf } from "./ids.js";

/** @typedef {import("../glow.js").Update} Update */
/** @typedef {import("../glow.js").Route} Route */
/** @typedef {import("./scope.js").Scope} Scope */

export const ANSWER_MS = 10_000; // how long a socket may take to be ready, and a ping or a request to be answered

/** The stack's own errors that trying again does not mend. What a gateway or proxy answers has no such code. */
export const FINAL_CODES = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS", "UNKNOWN_PATH"];

/** The stack refuses the request, and would refuse it again. */
export class Refusal extends Error {}

export class Rest {
  #api;
  #token;

  /** @param {string} api @param {string} token @param {string | undefined} region */
  constructor(api, token, region) {
    this.#api = api.replace(/\/+$/, "");
    this.#token = token;
    this.region = region;
  }

  /**
   * Where to connect, and the first id of the second in which the stack said so.
   * @param {Scope} scope
   * @param {string | null} avoid a path
   * @returns {Promise<{route: Route, askedAt: string | null}>}
   */
  async route(scope, avoid) {
    const [route, date] = await this.#get(scope, `/connect/${this.#token}`, { region: this.region, avoid });
    if (route.protocol === undefined) throw new Error(`${this.#api}/connect answers no route`);
    return { route, askedAt: date && firstIdOf(Date.parse(date) / 1_000) };
  }

  /** The newest price alone, or nothing if there is none yet. @param {Scope} scope @returns {Promise<Update[]>} */
  async newest(scope) {
    return (await this.#get(scope, `/tokens/${this.#token}/price`)).slice(0, 1);
  }

  /**
   * A page of the prices with ids above `after`, ascending.
   * @param {Scope} scope
   * @param {string} after
   * @returns {Promise<{prices: Update[], next: string | null}>}
   */
  async page(scope, after) {
    return (await this.#get(scope, `/tokens/${this.#token}/prices`, { after }))[0];
  }

  /**
   * @param {Scope} scope
   * @param {string} path
   * @param {Record<string, string | null | undefined>} [query]
   * @returns {Promise<any[]>} the body and the header Date; nothing if there is no price yet
   */
  async #get(scope, path, query = {}) {
    const url = this.#api + path + queryOf(query);
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = scope.later(ANSWER_MS, abort, abort);
    try {
      const response = await scope.host.fetch(url, controller);
      const text = await response.text();
      if (response.ok) return [JSON.parse(text), response.headers.get("date")];
      const { code, message } = errorIn(text);
      if (code === "NO_PRICE") return [];
      if (response.status < 500 && FINAL_CODES.includes(code)) throw new Refusal(message);
      throw new Error(`HTTP status ${response.status} ${text.slice(0, 200)}`);
    } catch (error) {
      throw error instanceof Refusal ? error : new Error(`${url}: ${/** @type {Error} */ (error).message}`);
    } finally {
      cancel();
    }
  }
}

/** The stack's own error in a body; empty if somebody else answered. @param {string} text @returns {any} */
function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}

/** Builds the query as text, because React Native's URL has no searchParams. @param {Record<string, string | null | undefined>} fields */
export function queryOf(fields) {
  const parts = Object.entries(fields).map(([name, value]) => (value == null ? "" : `&${name}=${encodeURIComponent(value)}`));
  return parts.join("").replace("&", "?");
}
