/** A socket of the virtual stack: the client's end outside, the server's in `say` and `end`. */

/** @typedef {import("./virtual.js").VirtualStack} VirtualStack */
/** @typedef {import("../../../client/glow.js").Update} Update */

export class VirtualSocket {
  /** @type {any} */ onopen;
  /** @type {any} */ onmessage;
  /** @type {any} */ onclose;
  /** @type {any} */ onerror;
  isConnecting = true;
  isOpen = false;
  /** Half-open: neither end hears the other. */
  isCut = false;
  /** The delivery of each token that it is served. @type {Map<string, string | null>} */
  served = new Map();
  /** What it was authorized with last. @type {string | null} */
  pass = null;

  /** @param {VirtualStack} stack @param {string} url */
  constructor(stack, url) {
    const { pathname, searchParams } = new URL(url);
    const [, first, second = ""] = pathname.split("/");
    this.stack = stack;
    this.isLive = first === "live";
    this.path = this.isLive ? second : first;
    this.token = this.isLive ? "" : second;
    stack.time.arrive(() => stack.accept(this, searchParams));
  }

  /** @param {string} text */
  send(text) {
    if (this.isConnecting) throw new Error("as a browser's WebSocket, this one cannot send yet");
    this.stack.time.arrive(() => this.isOpen && !this.isCut && this.stack.hear(this, JSON.parse(text)), this.stack.hearsAfterMs());
  }

  close() {
    this.isOpen = false;
    this.onclose = this.onmessage = null;
  }

  /** @param {object} message */
  say(message) {
    if (!this.isCut) this.stack.time.arrive(() => this.onmessage?.({ data: JSON.stringify(message) }));
  }

  /** Says those of its tokens, in as few messages as can be. @param {readonly Update[]} updates */
  sayPrices(updates) {
    const wanted = updates.filter(({ token, id }) => {
      const newest = updates.filter((update) => update.token === token).at(-1)?.id;
      return this.served.has(token) && (this.served.get(token) !== "latest" || id === newest);
    });
    if (wanted.length === 1) this.say(wanted[0]);
    if (wanted.length > 1) this.say({ type: "PRICE_BATCH", updates: wanted });
  }

  /** @param {number} code @param {string} reason */
  end(code, reason) {
    this.isOpen = false;
    this.stack.time.arrive(() => this.onclose?.({ code, reason }));
  }
}
