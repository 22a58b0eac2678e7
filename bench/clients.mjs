/** Clients of the measured rooms. They only count: parsing every frame would measure the client. */

import { WebSocket } from "ws";

const CONNECTING_AT_ONCE = 100;

class BenchClient {
  bytes = 0;
  frames = 0;
  /** @type {((text: string) => void) | null} */
  onFrame = null;
  #socket;

  /** @param {string} url */
  constructor(url) {
    // As Cloudflare tells it: by this address the Worker limits connects.
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    this.#socket = new WebSocket(url, { headers, perMessageDeflate: false, skipUTF8Validation: true });
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once("message", () => {
        this.#socket.on("message", (/** @type {Buffer} */ data) => {
          this.bytes += data.length;
          this.frames += 1;
          this.onFrame?.(String(data));
        });
        resolve(this);
      });
      this.#socket.once("error", reject);
    });
  }

  pause() {
    this.#socket.pause();
  }

  terminate() {
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.terminate();
    return closed;
  }
}

/** The clients of one room. */
export class Clients {
  #edge;
  /** @type {BenchClient[]} */
  #open = [];

  /** @param {import("../tests/worker/support/edge.js").Edge} edge */
  constructor(edge) {
    this.#edge = edge;
  }

  /**
   * Opens `count` more.
   * @param {number} count
   * @param {string} [query]
   */
  async connect(count, query) {
    /** @type {BenchClient[]} */
    const clients = [];
    const connectNext = async () => {
      while (clients.length < count) {
        const client = new BenchClient(this.#edge.socketUrl("BENCH", query));
        clients.push(client);
        this.#open.push(client);
        await client.connected;
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
    return clients;
  }

  async terminate() {
    await Promise.all(this.#open.splice(0).map((client) => client.terminate()));
  }
}
