/**
 * A pass: the access token of the app's own back end, which proves that it may listen. (A `token` is a mint here.) It is kept until
 * it is refused or grows old.
 */

/**
 * What `getToken` gave at one time. It is compared by identity, so that whoever was refused with an older one drops no newer one.
 * @typedef {Promise<string>} Grant
 */

/** Codes with which the stack asks for another one. */
const ASKS_FOR_ANOTHER = ["UNAUTHORIZED", "TOKEN_EXPIRED"];

export class Pass {
  #getToken;
  /** @type {Grant | null} */
  #kept = null;

  /** @param {() => string | Promise<string>} getToken */
  constructor(getToken) {
    this.#getToken = getToken;
  }

  /** @returns {Grant} rejected if the app has none to give */
  get() {
    const grant = (this.#kept ??= this.#ask());
    grant.catch(() => this.drop(grant));
    return grant;
  }

  /** @param {Grant} grant that is not to be used again */
  drop(grant) {
    if (this.#kept === grant) this.#kept = null;
  }

  async #ask() {
    try {
      const token = await this.#getToken();
      if (typeof token === "string" && token !== "") return token;
    } catch (error) {
      throw new Error(`getToken failed: ${error}`);
    }
    throw new Error("getToken must give a text");
  }
}

/** @param {string | undefined} code */
export const asksForAnother = (code) => ASKS_FOR_ANOTHER.includes(code ?? "");
