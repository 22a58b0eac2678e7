/** A room's data in SQLite. No other module reads or writes it. */

import { placeOf } from "./ids.js";
import { LIMITS } from "./limits.js";
import { RING_SIZE } from "./ring.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./ring.js").Entry} Entry */
/** @typedef {import("./ring.js").Arrival} Arrival */
/** @typedef {import("./move.js").Order} Order */

/**
 * Cloudflare bills rows written (facts/cloudflare.md §5), so `chunk` has many updates to a row, and the row `room` is
 * written only when one of its values changes. `room.is_open` is 1 while there are unsaved updates, or while the room knows
 * that it has missed some. `room.newest` is that of the last save that wrote the row: later ones are in the chunks.
 * `room.move` is the mover's last order.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, is_open INTEGER NOT NULL, newest TEXT,
    move TEXT);
  CREATE TABLE IF NOT EXISTS chunk (last_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, arrived_ms INTEGER NOT NULL,
    ids TEXT NOT NULL, updates TEXT NOT NULL, healed INTEGER NOT NULL DEFAULT 0);
  INSERT INTO room (one, epoch, is_open) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING;
`;
/** Columns that earlier versions lack. Columns are only added: after a roll-back an earlier version reads these tables. */
const ADDED = [{ table: "room", column: "move", type: "TEXT" }, { table: "chunk", column: "healed", type: "INTEGER NOT NULL DEFAULT 0" }];

const CHUNK_UPDATES = 2_000; // at most 470 bytes each, so far below the 2 MB limit of a value
/** A lone update joins the last chunk until that has so many. Each time the whole chunk is written, but as one row. */
const JOINED_UPDATES = 32;

/**
 * @typedef {object} Chunk
 * @property {number} epoch
 * @property {boolean} isHealed
 * @property {readonly Update[]} updates
 */

export class RoomStore {
  #storage;
  /** The number of updates saved so far. */
  #seq = 0;
  /** The last chunk, once it is loaded or written. @type {Chunk | null} */
  #last = null;
  #hasSchema = false;

  /** @param {DurableObjectStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether the room has never written: it got neither updates nor an order of the mover. */
  get isEmpty() {
    return !this.#hasSchema && this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'room'").length === 0;
  }

  /** Reads the last save. Creates no table, so that a room without broadcasts stores nothing. */
  load() {
    if (this.isEmpty) return { epoch: 0, hasUnsaved: false, newest: null, entries: [] };
    const [room] = this.#rows("SELECT epoch, is_open, newest FROM room");
    /** @type {Entry[]} */
    const entries = [];
    for (const { last_seq, epoch, updates, healed = 0 } of this.#sql("SELECT * FROM chunk ORDER BY last_seq DESC")) {
      this.#seq = Math.max(this.#seq, Number(last_seq));
      /** @type {Update[]} */
      const saved = JSON.parse(String(updates));
      const isHealed = healed === 1;
      this.#last ??= { epoch: Number(epoch), updates: saved, isHealed };
      entries.unshift(...saved.map((update) => ({ epoch: Number(epoch), update, isHealed })));
      if (entries.length >= RING_SIZE) break;
    }
    /** @type {Update | null} */
    let newest = room.newest === null ? null : JSON.parse(String(room.newest));
    for (const { update } of entries) if (newest === null || placeOf(update.id) >= placeOf(newest.id)) newest = update;
    // The row is not written at each save, but a chunk is.
    const epoch = Math.max(Number(room.epoch), entries.at(-1)?.epoch ?? 0);
    return { epoch, hasUnsaved: room.is_open === 1, newest, entries };
  }

  /**
   * The ids that arrived since `sinceMs`, oldest first.
   * @param {number} sinceMs
   * @returns {[id: string, arrivedMs: number][]}
   */
  loadIds(sinceMs) {
    if (this.isEmpty) return [];
    return this.#rows("SELECT ids, arrived_ms FROM chunk WHERE arrived_ms >= ? ORDER BY last_seq", sinceMs)
      .flatMap(({ ids, arrived_ms }) => String(ids).split(" ").map((id) => /** @type {[string, number]} */ ([id, Number(arrived_ms)])));
  }

  /**
   * Marks that updates are unsaved or missed.
   * @param {number} epoch
   */
  markUnsaved(epoch) {
    this.#ensureSchema();
    this.#sql("UPDATE room SET epoch = ?, is_open = 1", epoch);
  }

  /** @returns {Order | null} */
  loadOrder() {
    if (this.isEmpty) return null;
    const [{ move = null }] = this.#rows("SELECT * FROM room"); // not `SELECT move`: a room of the first version has no such column
    return move === null ? null : JSON.parse(String(move));
  }

  /** @param {Order} order */
  saveOrder(order) {
    this.#ensureSchema();
    this.#sql("UPDATE room SET move = ?", JSON.stringify(order));
  }

  /**
   * Saves `arrivals` and deletes what neither the ring nor the remembered ids need. There is no await between the
   * statements, so they are one transaction.
   * @param {number} epoch
   * @param {readonly Arrival[]} arrivals in order
   * @param {number} nowMs
   */
  save(epoch, arrivals, nowMs) {
    this.#ensureSchema();
    for (const chunk of chunksOf(epoch, arrivals)) this.#write(chunk, nowMs);
    this.#sql(
      "DELETE FROM chunk WHERE last_seq <= ? OR (last_seq <= ? AND arrived_ms < ?)",
      this.#seq - LIMITS.seenIds, this.#seq - RING_SIZE, nowMs - LIMITS.seenMs,
    );
  }

  /**
   * Notes that nothing is unsaved or missed.
   * @param {number} epoch
   * @param {Update | null} newest
   */
  markSaved(epoch, newest) {
    this.#ensureSchema();
    this.#sql("UPDATE room SET epoch = ?, is_open = 0, newest = ?", epoch, newest && JSON.stringify(newest));
  }

  /** @param {Chunk} chunk @param {number} nowMs */
  #write(chunk, nowMs) {
    const joined = this.#last === null ? null : joinedOf(this.#last, chunk);
    const { epoch, updates, isHealed } = joined ?? chunk;
    const values = [epoch, nowMs, updates.map(({ id }) => id).join(" "), JSON.stringify(updates), Number(isHealed)];
    const lastSeq = this.#seq + chunk.updates.length;
    if (joined === null) {
      this.#sql("INSERT INTO chunk (last_seq, epoch, arrived_ms, ids, updates, healed) VALUES (?, ?, ?, ?, ?, ?)", lastSeq, ...values);
    } else {
      this.#sql("UPDATE chunk SET last_seq = ?, epoch = ?, arrived_ms = ?, ids = ?, updates = ?, healed = ? WHERE last_seq = ?", lastSeq, ...values, this.#seq);
    }
    this.#seq = lastSeq;
    this.#last = { epoch, updates, isHealed };
  }

  #ensureSchema() {
    if (this.#hasSchema) return;
    this.#sql(SCHEMA);
    for (const { table, column, type } of ADDED) {
      const hasColumn = this.#rows("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", table, column).length > 0;
      if (!hasColumn) this.#sql(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    }
    this.#hasSchema = true;
  }

  /** @param {string} query @param {...SqlStorageValue} values */
  #rows(query, ...values) {
    return this.#sql(query, ...values).toArray();
  }

  /** @param {string} query @param {...SqlStorageValue} values */
  #sql(query, ...values) {
    return this.#storage.sql.exec(query, ...values);
  }
}

/**
 * @param {number} epoch
 * @param {readonly Arrival[]} arrivals
 * @returns {Chunk[]}
 */
function chunksOf(epoch, arrivals) {
  /** @type {(Chunk & {updates: Update[]})[]} */
  const chunks = [];
  for (const { update, isHealed } of arrivals) {
    const last = chunks.at(-1);
    if (last !== undefined && last.isHealed === isHealed && last.updates.length < CHUNK_UPDATES) last.updates.push(update);
    else chunks.push({ epoch, isHealed, updates: [update] });
  }
  return chunks;
}

/**
 * Both chunks as one; null if they must stay apart.
 * @param {Chunk} last
 * @param {Chunk} next
 * @returns {Chunk | null}
 */
function joinedOf(last, next) {
  const updates = [...last.updates, ...next.updates];
  if (last.epoch !== next.epoch || last.isHealed || next.isHealed || updates.length > JOINED_UPDATES) return null;
  return { ...last, updates };
}
