/**
 * The alarm of a room. A Durable Object has only one, and four tasks share it: saving, looking after stalled clients,
 * closing clients that had to move, closing those whose access token has expired.
 *
 * It is set for the earliest time that any task asked for. Each run does all of them, and a task that has more to do
 * asks again. So no task needs to know the others. It is an alarm and not a timer because an alarm survives eviction and
 * does not keep the object awake.
 */
export class Alarm {
  #storage;
  /** Lost on eviction. The constructor is told of an alarm that was set before. */
  #setForMs = Infinity;

  /**
   * @param {DurableObjectStorage} storage
   * @param {number} keptMs Unix time for which the alarm was set before the eviction, or an earlier time
   */
  constructor(storage, keptMs) {
    this.#storage = storage;
    // An alarm in the past has run, or runs next. It must not stop a later one from being set.
    if (keptMs > Date.now()) this.#setForMs = keptMs;
  }

  /** @param {number} timeMs Unix time */
  wakeBy(timeMs) {
    if (timeMs >= this.#setForMs) return;
    this.#setForMs = timeMs;
    void this.#storage.setAlarm(timeMs);
  }

  /** Call this first in each run: the alarm is no longer set then. */
  rang() {
    this.#setForMs = Infinity;
  }
}
