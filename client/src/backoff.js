/** How long to wait before the next try, and which path to avoid for a while. Pure. */

const BASE_MS = 500;
const CAP_MS = 30_000;

/** Failures over a shorter time are an outage, which passes. Over a longer one something may block the path: a firewall, a proxy. */
export const LASTING_MS = 10_000;
/** How long a path is avoided: what blocks it may be gone when it is tried again. */
const AVOIDED_MS = 5 * 60_000;

/**
 * The wait between tries: a random part of a time that doubles with each failure. It is random so that clients that failed
 * together do not come back together ("full jitter").
 */
export class Backoff {
  #tries = 0;

  /** @param {number} random from 0 to 1 @returns {number} milliseconds */
  nextMs(random) {
    return random * Math.min(CAP_MS, BASE_MS * 2 ** this.#tries++);
  }

  reset() {
    this.#tries = 0;
  }
}

/** Remembers which paths this client could not open. `nowMs` never goes back. */
export class Reach {
  /** By path, the one that failed last at the end. @type {Map<string, {sinceMs: number, lastMs: number}>} */
  #failed = new Map();

  /**
   * Notes that a connection on `path` ended before it served. Returns whether that made it unreachable.
   * @param {string} path
   * @param {number} nowMs
   */
  noteFailure(path, nowMs) {
    const wasUnreachable = this.isUnreachable(path, nowMs);
    const before = this.#failed.get(path);
    const sinceMs = before !== undefined && nowMs - before.lastMs < AVOIDED_MS ? before.sinceMs : nowMs;
    this.#failed.delete(path);
    this.#failed.set(path, { sinceMs, lastMs: nowMs });
    return !wasUnreachable && this.isUnreachable(path, nowMs);
  }

  /** Notes that a connection on `path` serves. @param {string} path */
  noteService(path) {
    this.#failed.delete(path);
  }

  /** Whether `path` failed and failed again, over 10 s or more, and lately. @param {string} path @param {number} nowMs */
  isUnreachable(path, nowMs) {
    const row = this.#failed.get(path);
    return row !== undefined && row.lastMs - row.sinceMs >= LASTING_MS && nowMs - row.lastMs < AVOIDED_MS;
  }

  /** How long some path will still be avoided. @param {number} nowMs */
  avoidedForMs(nowMs) {
    const row = this.#failed.get(this.avoided(nowMs) ?? "");
    return row === undefined ? 0 : row.lastMs + AVOIDED_MS - nowMs;
  }

  /** The unreachable path that failed last; null if every path can be tried. @param {number} nowMs */
  avoided(nowMs) {
    return [...this.#failed.keys()].filter((path) => this.isUnreachable(path, nowMs)).at(-1) ?? null;
  }
}
