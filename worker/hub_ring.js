/**
 * What the rooms sent a hub last, over all its tokens and in the order in which it came: updates, the GAPs between them, and
 * MOVED. Each entry has the next number. So how far a client has been served is one number, however many tokens it follows.
 */

import { Fifo } from "./fifo.js";
import { placeOf } from "./ids.js";
import { LIMITS } from "./limits.js";

/**
 * What a room sent. An update has an id.
 * @typedef {object} Item
 * @property {string} token
 * @property {string} text as clients receive it
 * @property {"update" | "gap" | "moved"} kind
 * @property {boolean} isAlone whether it is no update
 * @property {string | null} id
 */

/** @typedef {Item & {number: number, stream: Stream}} Entry */

/** What the hub has of one token since it began to follow it. */
class Stream {
  /** The latest of them that are in the ring. @type {Fifo<Entry>} */
  entries = new Fifo();
  /** Id → number, of the updates in `entries`. @type {Map<string, number>} */
  numbers = new Map();
  /** The cursor of a client that has everything before `entries`; null if none is known. @type {string | null} */
  floorId;
  /** The entry of the highest second and slot, also if it has left the ring. @type {Entry | null} */
  newest = null;
  /** Whether that is known to be the price now. */
  isCurrent = true;
  /** The cursor of a client that has everything. @type {string | null} */
  lastId;
  /** The number of the last update. */
  lastNumber = 0;
  /** The number of the last entry that has left the ring. */
  leftNumber = 0;
  /** Cursors of entries with lower numbers are not answered. */
  cursorsFrom = 0;

  /** @param {string | null} after */
  constructor(after) {
    this.floorId = after;
    this.lastId = after;
  }

  /** @param {Entry} entry */
  push(entry) {
    this.entries.push(entry);
    if (entry.kind === "gap") this.isCurrent = false;
    if (entry.id === null) return;
    this.numbers.set(entry.id, entry.number);
    this.lastId = entry.id;
    this.lastNumber = entry.number;
    if (this.newest?.id && placeOf(entry.id) < placeOf(this.newest.id)) return;
    this.newest = entry;
    this.isCurrent = true;
  }

  /** The first entry leaves the ring. */
  shift() {
    const entry = this.entries.shift();
    if (entry === undefined) return;
    this.leftNumber = entry.number;
    if (entry.id === null) return;
    this.numbers.delete(entry.id);
    this.floorId = entry.id;
  }

  /** The entries with a higher number. @param {number} number */
  after(number) {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Entry} */ (this.entries.at(middle)).number <= number) low = middle + 1;
      else high = middle;
    }
    return this.entries.from(low);
  }
}

export class HubRing {
  /** Those of streams that were dropped, too, until they leave. @type {Fifo<Entry>} */
  #entries = new Fifo();
  #bytes = 0;
  #end = 0;
  /** @type {Map<string, Stream>} */
  #streams = new Map();

  /** The number of the last entry. */
  get end() {
    return this.#end;
  }

  /**
   * Begins with a token.
   * @param {string} token
   * @param {string | null} after the id after which its room was asked to begin
   */
  begin(token, after) {
    this.#streams.set(token, new Stream(after));
  }

  /** Ends with a token. @param {string} token */
  drop(token) {
    this.#streams.delete(token);
  }

  /**
   * Appends what is new of `items`.
   * @param {readonly Item[]} items
   * @returns {Entry[]}
   */
  append(items) {
    /** @type {Entry[]} */
    const entries = [];
    for (const item of items) {
      const stream = this.#streams.get(item.token);
      if (stream === undefined || (item.id !== null && (stream.numbers.has(item.id) || item.id === stream.floorId))) continue;
      this.#end += 1;
      const entry = { ...item, number: this.#end, stream };
      stream.push(entry);
      this.#entries.push(entry);
      this.#bytes += entry.text.length;
      entries.push(entry);
    }
    while (this.#bytes > LIMITS.hubRingBytes) {
      const entry = this.#entries.shift();
      if (entry === undefined) break;
      this.#bytes -= entry.text.length;
      entry.stream.shift();
    }
    return entries;
  }

  /** The token's update of the highest second and slot; null if none came. @param {string} token */
  newest(token) {
    return this.#streams.get(token)?.newest ?? null;
  }

  /** The cursor of whoever has been sent everything of the token; null if there is none. @param {string} token */
  lastId(token) {
    return this.#streams.get(token)?.lastId ?? null;
  }

  /** Whether the newest is known to be the price now. @param {string} token */
  isCurrent(token) {
    return this.#streams.get(token)?.isCurrent ?? false;
  }

  /**
   * Takes note of what a room says of itself, at this place of what it sends.
   * @param {string} token
   * @param {import("./messages.js").RoomState} state
   */
  note(token, { newest, isCurrent, isOrdered }) {
    const stream = this.#streams.get(token);
    if (stream === undefined) return;
    stream.isCurrent = isCurrent;
    if (newest !== null && (stream.newest?.id ?? "") !== newest.id) {
      // It came before the hub did. So nobody is served up to it, and it has no number.
      stream.newest = { token, text: JSON.stringify(newest), kind: "update", isAlone: false, id: newest.id, number: 0, stream };
      stream.lastId ??= newest.id;
    }
    // Else nobody knows in which order clients elsewhere have received what is here.
    if (!isOrdered) stream.cursorsFrom = stream.lastNumber;
  }

  /**
   * What followed the update `after` of a token; null if the ring does not know.
   * @param {string} token
   * @param {string} after an id
   * @returns {Entry[] | null}
   */
  since(token, after) {
    const stream = this.#streams.get(token);
    if (stream === undefined) return null;
    const number = stream.numbers.get(after) ?? (after === stream.floorId ? stream.leftNumber : -1);
    return number < stream.cursorsFrom ? null : withoutMoves(stream.after(number));
  }

  /**
   * The token's updates and GAPs with a higher number.
   * @param {string} token
   * @param {number} number
   */
  afterNumber(token, number) {
    return withoutMoves(this.#streams.get(token)?.after(number) ?? []);
  }

  /**
   * The entries after `number` that someone wants, not more than `most`, and the number up to which that is all.
   * @param {number} number
   * @param {(entry: Entry) => boolean} isWanted
   * @param {number} most
   */
  after(number, isWanted, most) {
    /** @type {Entry[]} */
    const entries = [];
    const first = this.#entries.at(0)?.number ?? this.#end + 1;
    for (let index = Math.max(0, number + 1 - first); index < this.#entries.length; index += 1) {
      const entry = /** @type {Entry} */ (this.#entries.at(index));
      if (!isWanted(entry)) continue;
      if (entries.length === most) return { entries, reached: entry.number - 1 };
      entries.push(entry);
    }
    return { entries, reached: this.#end };
  }

  /**
   * Whether entries of the token with a higher number have left the ring; if so, the first id that is left.
   * @param {string} token
   * @param {number} number
   * @returns {{hasLost: boolean, until: string | null}}
   */
  lossAfter(token, number) {
    const stream = this.#streams.get(token);
    if (stream === undefined || stream.leftNumber <= number) return { hasLost: false, until: null };
    return { hasLost: true, until: stream.after(number).find(({ id }) => id !== null)?.id ?? null };
  }
}

/** Who comes later is not told of a move in the past: the token may be back. @param {readonly Entry[]} entries */
const withoutMoves = (entries) => entries.filter(({ kind }) => kind !== "moved");
