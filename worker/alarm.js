/**
 * The one alarm of a room, which it needs for several purposes at once: to save, to look after stalled clients, to close
 * those that were to move.
 *
 * It is set for the earliest time that any purpose asks for. A run serves all of them, and each that is still pending at
 * its end asks again; so none has to know of the others. An alarm rather than a timer: it survives eviction and does not
 * keep the object awake.
 */
export class Alarm {
  #storage;
  /** Memory is a cache: what an earlier life of the object set is known only as far as the constructor is told. */
  #setForMs = Infinity;

  /**
   * @param {DurableObjectStorage} storage
   * @param {number} keptMs a time for which an earlier life has set the alarm, at the latest
   */
  constructor(storage, keptMs) {
    this.#storage = storage;
    // One that is past has rung, or is about to: it must not stop a later time from being set.
    if (keptMs > Date.now()) this.#setForMs = keptMs;
  }

  /** @param {number} timeMs Unix time */
  wakeBy(timeMs) {
    if (timeMs >= this.#setForMs) return;
    this.#setForMs = timeMs;
    void this.#storage.setAlarm(timeMs);
  }

  /** To be called first in a run: from here on nothing is set. */
  rang() {
    this.#setForMs = Infinity;
  }
}
