/** Stands for the stack's REST API: the newest prices of a token, as a room reads them. */

import { once } from "node:events";
import { createServer } from "node:http";

/** @typedef {import("node:http").ServerResponse} ServerResponse */

export class Rest {
  /** Token → its updates in trade order. @type {Map<string, object[]>} */
  prices = new Map();
  /** What was asked for: path, query and bearer. @type {{path: string, bearer: string}[]} */
  requests = [];
  /** Secrets that are accepted; null accepts all. @type {string[] | null} */
  secrets = null;
  /** HTTP status of every answer. */
  status = 200;
  /** Answers that wait for `letGo`; null answers at once. @type {(() => void)[] | null} */
  #held = null;
  #server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const bearer = (request.headers.authorization ?? "").replace("Bearer ", "");
    this.requests.push({ path: request.url ?? "", bearer });
    const token = pathname.split("/")[2];
    const prices = this.prices.get(token) ?? []; // read now, answered later
    const answer = () => this.#answer(response, token, prices.slice(-Number(searchParams.get("last"))), bearer);
    if (this.#held === null) answer();
    else this.#held.push(answer);
  });

  /** @param {{after: (stop: () => Promise<void>) => void}} t */
  static async start(t) {
    const rest = new Rest();
    rest.#server.listen(0, "127.0.0.1");
    await once(rest.#server, "listening");
    t.after(async () => {
      rest.#server.closeAllConnections();
      rest.#server.close();
    });
    return rest;
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.#server.address()).port}`;
  }

  /** Answers nobody until `letGo`. */
  hold() {
    this.#held = [];
  }

  letGo() {
    for (const answer of this.#held ?? []) answer();
    this.#held = null;
  }

  /** @param {string} token */
  requestsFor(token) {
    return this.requests.filter(({ path }) => path.startsWith(`/tokens/${token}/`));
  }

  /** @param {ServerResponse} response @param {string} token @param {readonly object[]} updates @param {string} bearer */
  #answer(response, token, updates, bearer) {
    const status = this.secrets === null || this.secrets.includes(bearer) ? this.status : 401;
    response.writeHead(status, { "content-type": "application/json" });
    const prices = updates.map((update) => ({ ...update, token }));
    response.end(status === 200 ? JSON.stringify({ token, prices, next: null }) : "{}");
  }
}
