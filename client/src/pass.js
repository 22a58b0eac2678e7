/**
 * A pass: the access token of the app's own back end, which proves that it may listen. (A `token` is a mint here.) It is kept until
 * it is refused or grows old.
 */

/**
 * What `getToken` gave at one time. It is compared by identity, so that whoever was refused with an older one drops no newer one.
 * @typedef {Promise<string>} Grant
 */

/** @typedef {import("./scope.js").Scope} Scope */

/** Codes with which the stack asks for another one. */
const ASKS_FOR_ANOTHER = ["UNAUTHORIZED", "TOKEN_EXPIRED"];

const PATIENCE_MS = 30_000; // with an app's back end that is slow, or an app that never answers

export class Pass {
  #getToken;
  #scope;
  /** @type {Grant | null} */
  #kept = null;
  /** One that is old and was not refused: it serves as long as the app has no other. @type {Grant | null} */
  #aged = null;

  /** @param {() => string | Promise<string>} getToken @param {Scope} scope the feed's */
  constructor(getToken, scope) {
    this.#getToken = getToken;
    this.#scope = scope;
  }

  /** @returns {Grant} rejected if the app has none to give */
  get() {
    if (this.#kept !== null) return this.#kept;
    const grant = this.#ask().catch((error) => {
      if (this.#kept === grant) this.#kept = null;
      if (this.#aged === null) throw error;
      return this.#aged;
    });
    return (this.#kept = grant);
  }

  /** @param {Grant} grant that is old */
  age(grant) {
    if (this.#kept === grant) [this.#kept, this.#aged] = [null, grant];
  }

  /** @param {Grant} grant that was refused */
  drop(grant) {
    if (this.#kept === grant) this.#kept = null;
    this.#aged = null;
  }

  async #ask() {
    let cancel = () => {};
    try {
      const late = new Promise((_, reject) => {
        const giveUp = () => reject(new Error(`no answer for ${PATIENCE_MS / 1_000} s`));
        cancel = this.#scope.later(PATIENCE_MS, giveUp, giveUp);
      });
      const token = await Promise.race([this.#getToken(), late]);
      if (typeof token === "string" && token !== "") return token;
    } catch (error) {
      throw new Error(`getToken failed: ${error}`);
    } finally {
      cancel();
    }
    throw new Error("getToken must give a text");
  }
}

/** @param {string | undefined} code */
export const asksForAnother = (code) => ASKS_FOR_ANOTHER.includes(code ?? "");
