/** Limits how often each caller may do something. It counts per period and clears all counts at its end. @template Key */
export class RateLimit {
  #periodMs;
  #periodStartMs = 0;
  /** @type {Map<Key, number>} */
  #counts = new Map();

  /** @param {number} periodMs */
  constructor(periodMs) {
    this.#periodMs = periodMs;
  }

  /**
   * Counts one more for `key`. Returns whether the count is within `limit`.
   * @param {Key} key
   * @param {number} limit per period
   * @param {number} nowMs
   */
  allows(key, limit, nowMs) {
    if (nowMs - this.#periodStartMs >= this.#periodMs) {
      this.#counts.clear();
      this.#periodStartMs = nowMs;
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= limit;
  }
}

/**
 * The key by which clients are counted: an IPv4 address, or the /64 network of an IPv6 address, because a provider gives
 * a whole /64 to one customer.
 * @param {string} ip
 */
export function networkOf(ip) {
  if (!ip.includes(":")) return ip;
  const [head, tail] = ip.split("::");
  const groups = head.split(":").filter(Boolean);
  if (tail !== undefined) {
    const tailGroups = tail.split(":").filter(Boolean);
    groups.push(...Array(8 - groups.length - tailGroups.length).fill("0"), ...tailGroups);
  }
  return groups.slice(0, 4).join(":");
}
