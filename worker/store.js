/** What a room keeps in SQLite. No other module touches its storage. */

import { LIMITS } from "./limits.js";
import { RING_SIZE } from "./ring.js";

/** @typedef {import("./update.js").Update} Update */
/** @typedef {import("./ring.js").Entry} Entry */
/** @typedef {import("./move.js").Order} Order */

/**
 * `chunk` holds what arrived between two saves: one row per save, since rows written are what SQLite costs (facts §5).
 * `room.is_open` says that updates arrived which are not saved yet. `room.move` is the mover's last
 * order. Columns are only ever added: `room` has had `move` since the second version.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, is_open INTEGER NOT NULL, newest TEXT,
    move TEXT);
  CREATE TABLE IF NOT EXISTS chunk (last_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, arrived_ms INTEGER NOT NULL,
    ids TEXT NOT NULL, updates TEXT NOT NULL);
`;
const CHUNK_UPDATES = 2_000; // far below the 2 MB of a value: an update has at most 400 bytes

export class RoomStore {
  #storage;
  /** Updates ever saved. */
  #seq = 0;

  /** @param {DurableObjectStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether the room has never written: it was neither broadcast to nor told to move. */
  get isEmpty() {
    return this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'room'").length === 0;
  }

  /** What the last save left. Writes nothing, so that a room nobody broadcasts to stays empty. */
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
   * Notes, before a publisher hears that its updates were taken, that they are not saved yet.
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
    const [{ move = null }] = this.#rows("SELECT * FROM room"); // by name it could not be asked of a room of the first version
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
   * Saves `updates` and forgets what neither the ring nor the remembered ids need. One transaction: no await between.
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
