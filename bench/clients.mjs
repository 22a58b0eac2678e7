/**
 * Clients of the measured rooms: raw sockets that read into one shared buffer and look at no more than the ids. A client
 * of a WebSocket library allocates memory for every frame, and its garbage collection would distort the latencies.
 */

import { once } from "node:events";
import { connect } from "node:net";

const CONNECTING_AT_ONCE = 100;
/** Shared by all clients: each read is processed before the next one begins. */
const READ = Buffer.alloc(64 * 1024);
/** What our rooms do: they greet unasked. @type {Talk} */
const GREETED = { says: [], isReady: (text) => /^HTTP\/1\.1 101 .*?\r\n\r\n./s.test(text) };
const ID = /"id":"([^"]+)"/g;

/**
 * What a client says before prices come, each when what it has heard matches; and what it has heard when it is ready.
 * @typedef {{says: {when: RegExp, text: string}[], isReady: (text: string) => boolean}} Talk
 */

export class BenchClient {
  /** Bytes received, including the answer to the handshake. */
  bytes = 0;
  /** Called with the id of each update. @type {((id: string) => void) | null} */
  onId = null;
  #isReady = false;
  #said = 0;
  /** Received text that is not parsed yet. */
  #text = "";
  #socket;
  #talk;

  /** @param {URL} url @param {Talk} [talk] */
  constructor(url, talk = GREETED) {
    this.#talk = talk;
    /** @type {() => void} */
    let ready = () => {};
    /** @type {(error: Error) => void} */
    let failed = () => {};
    /** Resolves when this client is ready. @type {Promise<void>} */
    this.connected = new Promise((resolve, reject) => ([ready, failed] = [resolve, reject]));
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      onread: {
        buffer: READ,
        callback: (length) => {
          this.bytes += length;
          if (!this.#isReady) this.#readGreeting(READ.latin1Slice(0, length), ready);
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

  async terminate() {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  /** @param {string} read @param {() => void} whenReady */
  #readGreeting(read, whenReady) {
    this.#text += read;
    const { says, isReady } = this.#talk;
    for (; this.#said < says.length && says[this.#said].when.test(this.#text); this.#said += 1) this.#socket.write(frameOf(says[this.#said].text));
    if (this.#said < says.length || !isReady(this.#text)) return;
    this.#isReady = true;
    const text = this.#text;
    this.#text = "";
    if (this.onId !== null) this.#readIds(text, this.onId); // updates may come with the greeting
    whenReady();
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

/** A text frame, masked by zeros (RFC 6455, 5.2). @param {string} text of at most 65,535 bytes */
function frameOf(text) {
  const payload = Buffer.from(text);
  const { length } = payload;
  const size = length < 126 ? [length | 0x80] : [126 | 0x80, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), payload]);
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
