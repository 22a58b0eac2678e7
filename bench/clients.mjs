/**
 * Clients of the measured rooms: raw sockets that read into one shared buffer and look at no more than the ids. A client
 * of a WebSocket library allocates memory for every frame, and its garbage collection would distort the latencies.
 */

import { once } from "node:events";
import { connect } from "node:net";

const CONNECTING_AT_ONCE = 100;
/** Shared by all clients: each read is processed before the next one begins. */
const READ = Buffer.alloc(64 * 1024);
const GREETED = /^HTTP\/1\.1 101 .*?\r\n\r\n./s;
const ID = /"id":"([^"]+)"/g;

class BenchClient {
  /** Bytes received, including the answer to the handshake. */
  bytes = 0;
  /** Called with the id of each update. @type {((id: string) => void) | null} */
  onId = null;
  #isGreeted = false;
  /** Received text that is not parsed yet. */
  #text = "";
  #socket;

  /** @param {URL} url */
  constructor(url) {
    /** @type {() => void} */
    let greeted = () => {};
    /** @type {(error: Error) => void} */
    let failed = () => {};
    /** Resolves when the room has greeted this client. @type {Promise<void>} */
    this.connected = new Promise((resolve, reject) => ([greeted, failed] = [resolve, reject]));
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      onread: {
        buffer: READ,
        callback: (length) => {
          this.bytes += length;
          if (!this.#isGreeted) this.#readGreeting(length, greeted);
          else if (this.onId !== null) this.#readIds(READ.latin1Slice(0, length), this.onId);
          return true;
        },
      },
    });
    this.#socket.once("error", failed);
    this.#socket.once("close", () => failed(new Error(`closed after ${JSON.stringify(this.#text)}`)));
    this.#socket.write(handshake(url));
  }

  pause() {
    this.#socket.pause();
  }

  /** Sends a message. @param {string} text ASCII, of 126 to 65,535 bytes */
  say(text) {
    const FINAL_TEXT = 0x81;
    const MASKED_LONG = 0x80 | 126; // RFC 6455 §5.2; a mask of zeros leaves the text as it is
    const head = Buffer.from([FINAL_TEXT, MASKED_LONG, text.length >> 8, text.length & 255, 0, 0, 0, 0]);
    this.#socket.write(Buffer.concat([head, Buffer.from(text, "latin1")]));
  }

  async terminate() {
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  /** @param {number} length @param {() => void} whenGreeted */
  #readGreeting(length, whenGreeted) {
    this.#text += READ.latin1Slice(0, length);
    if (!GREETED.test(this.#text)) return;
    this.#isGreeted = true;
    const text = this.#text;
    this.#text = "";
    if (this.onId !== null) this.#readIds(text, this.onId); // updates may come with the greeting
    whenGreeted();
  }

  /** An id may begin in one read and end in the next. @param {string} read @param {(id: string) => void} onId */
  #readIds(read, onId) {
    this.#text += read;
    let end = 0;
    for (const { 0: field, 1: id, index } of this.#text.matchAll(ID)) {
      onId(id);
      end = index + field.length;
    }
    this.#text = this.#text.slice(end);
  }
}

let addresses = 0;

/** @param {URL} url */
function handshake({ host, pathname, search }) {
  const headers = {
    host,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": 13,
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    // Cloudflare sets this header; the Worker limits connects and seats by it.
    "cf-connecting-ip": `10.${(addresses += 1) >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
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
   * Opens `count` more clients.
   * @param {number} count
   * @param {string} [query]
   * @param {((id: string) => void) | null} [onId] called with the id of each update that one of them gets
   */
  async connect(count, query, onId = null) {
    const url = new URL(this.#edge.socketUrl("BENCH", query));
    /** @type {BenchClient[]} */
    const clients = [];
    const connectNext = async () => {
      while (clients.length < count) {
        const client = new BenchClient(url);
        client.onId = onId;
        clients.push(client);
        this.#open.push(client);
        await client.connected;
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
    return clients;
  }

  /**
   * Opens one more client.
   * @param {string} path
   * @param {((id: string) => void) | null} onId called with the id of each update that it gets
   */
  async open(path, onId) {
    const client = new BenchClient(new URL(path, this.#edge.url));
    client.onId = onId;
    this.#open.push(client);
    await client.connected;
    return client;
  }

  async terminate() {
    await Promise.all(this.#open.splice(0).map((client) => client.terminate()));
  }
}
