/** A room's data in SQLite. No other module reads or writes it. */

import { LIMITS } from "./limits.js";
import { RING_SIZE } from "./ring.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./ring.js").Entry} Entry */
/** @typedef {import("./move.js").Order} Order */

/**
 * `chunk` has one row per save, with all updates since the save before, because Cloudflare bills rows written
 * (facts/cloudflare.md §5). `room.is_open` is 1 while there are unsaved updates. `room.move` is the mover's last order.
 * Columns are only added, never removed; `move` came with the second version.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, is_open INTEGER NOT NULL, newest TEXT,
    move TEXT);
  CREATE TABLE IF NOT EXISTS chunk (last_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, arrived_ms INTEGER NOT NULL,
    ids TEXT NOT NULL, updates TEXT NOT NULL);
`;
const CHUNK_UPDATES = 2_000; // at most 400 bytes each, so far below the 2 MB limit of a value

export class RoomStore {
  #storage;
  /** The number of updates saved so far. */
  #seq = 0;

  /** @param {DurableObjectStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether the room has never written: it got neither updates nor an order of the mover. */
  get isEmpty() {
    return this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'room'").length === 0;
  }

  /** Reads the last save. Creates no table, so that a room without broadcasts stores nothing. */
  load() {
    if (this.isEmpty) return { epoch: 0, hasUnsaved: false, newest: null, entries: [] };
    const [room] = this.#rows("SELECT epoch, is_open, newest FROM room");
    /** @type {Entry[]} */
    const entries = [];
    for (const { last_seq, epoch, updates } of this.#sql("SELECT last_seq, epoch, updates FROM chunk ORDER BY last_seq DESC")) {
      this.#seq = Math.max(this.#seq, Number(last_seq));
      /** @type {Update[]} */
      const saved = JSON.parse(String(updates));
      entries.unshift(...saved.map((update) => ({ epoch: Number(epoch), update })));
      if (entries.length >= RING_SIZE) break;
    }
    /** @type {Update | null} */
    const newest = room.newest === null ? null : JSON.parse(String(room.newest));
    return { epoch: Number(room.epoch), hasUnsaved: room.is_open === 1, newest, entries };
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
   * Marks that there are unsaved updates.
   * @param {number} epoch
   */
  markUnsaved(epoch) {
    this.#sql(SCHEMA);
    this.#sql(
      "INSERT INTO room (one, epoch, is_open) VALUES (1, ?, 1) ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, is_open = 1",
      epoch,
    );
  }

  /** @returns {Order | null} */
  loadOrder() {
    if (this.isEmpty) return null;
    const [{ move = null }] = this.#rows("SELECT * FROM room"); // not `SELECT move`: a room of the first version has no such column
    return move === null ? null : JSON.parse(String(move));
  }

  /** @param {Order} order */
  saveOrder(order) {
    this.#sql(SCHEMA);
    const hasColumn = this.#rows("SELECT 1 FROM pragma_table_info('room') WHERE name = 'move'").length > 0;
    if (!hasColumn) this.#sql("ALTER TABLE room ADD COLUMN move TEXT");
    this.#sql(
      "INSERT INTO room (one, epoch, is_open, move) VALUES (1, 0, 0, ?) ON CONFLICT (one) DO UPDATE SET move = excluded.move",
      JSON.stringify(order),
    );
  }

  /**
   * Saves `updates` and deletes what neither the ring nor the remembered ids need. There is no await between the
   * statements, so they are one transaction.
   * @param {object} saved
   * @param {number} saved.epoch
   * @param {Update | null} saved.newest
   * @param {readonly Update[]} saved.updates in order of arrival
   * @param {number} saved.nowMs
   */
  save({ epoch, newest, updates, nowMs }) {
    for (let start = 0; start < updates.length; start += CHUNK_UPDATES) {
      const chunk = updates.slice(start, start + CHUNK_UPDATES);
      this.#seq += chunk.length;
      this.#sql(
        "INSERT INTO chunk (last_seq, epoch, arrived_ms, ids, updates) VALUES (?, ?, ?, ?, ?)",
        this.#seq, epoch, nowMs, chunk.map(({ id }) => id).join(" "), JSON.stringify(chunk),
      );
    }
    this.#sql(
      "DELETE FROM chunk WHERE last_seq <= ? OR (last_seq <= ? AND arrived_ms < ?)",
      this.#seq - LIMITS.seenIds, this.#seq - RING_SIZE, nowMs - LIMITS.seenMs,
    );
    this.#sql("UPDATE room SET epoch = ?, is_open = 0, newest = ?", epoch, newest && JSON.stringify(newest));
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
