/** What `subscribe` returns: it calls the app with prices and states. */

import { Channel } from "./channel.js";
import { HOST } from "./host.js";
import { checked } from "./options.js";
import { Rest } from "./rest.js";
import { Router } from "./router.js";
import { Scope } from "./scope.js";

/** @typedef {import("../glow.js").State} State */
/** @typedef {import("../glow.js").Options} Options */

export class Subscription {
  #options;
  #scope;
  #router;
  #ignoreDevice;
  /** The state that the app was told last. @type {State | null} */
  #state = null;

  /** @param {string} token @param {Options} options @param {import("./host.js").Surroundings} [surroundings] */
  constructor(token, options, surroundings = HOST) {
    const { api, region, WebSocket, onPrice, ...wishes } = (this.#options = checked(token, options));
    const host = { ...surroundings, WebSocket };
    this.#scope = new Scope(host);
    const rest = new Rest(api, token, region);
    const channel = new Channel(rest, wishes, this.#scope, {
      take: ({ update, isLate }) => this.#call(() => onPrice(update, { isLate })),
      skip: (reason) => this.#tell({ .../** @type {State} */ (this.#state), reason }),
    });
    this.#router = new Router(new Map([[token, channel]]), rest, host, {
      onState: (state) => this.#show(state),
      onLasting: (reason) => this.#warn(reason),
      onRefused: (reason) => {
        this.#warn(reason);
        this.#end(reason);
      },
    });
    this.#ignoreDevice = host.onWake(() => this.wake());
  }

  wake() {
    this.#router.wake();
  }

  close() {
    this.#end("close() was called");
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#scope.isOver) return;
    this.#show({ state: "closed", path: null, reason });
    this.#scope.end();
    this.#router.close();
    this.#ignoreDevice();
  }

  /** @param {State} state */
  #show(state) {
    if (state.state !== this.#state?.state || state.path !== this.#state.path) this.#tell(state);
  }

  /** @param {State} state */
  #tell(state) {
    this.#state = state;
    this.#call(() => this.#options.onState?.(state));
  }

  /** Says on the console what lasts, if the app has not asked to be told. @param {string} reason */
  #warn(reason) {
    if (this.#options.onState === undefined) this.#scope.host.warn(`glow: ${this.#options.token}: ${reason}`);
  }

  /**
   * Calls the app. If it throws, the error goes to the global handler, and the subscription goes on.
   * @param {() => void} callback
   */
  #call(callback) {
    if (this.#scope.isOver) return;
    try {
      callback();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
