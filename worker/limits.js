/** Every bound of the edge path, each with its source. Sizes in bytes of ASCII text, which is all that the wire carries. */

export const LIMITS = Object.freeze({
  /** A body that is posted; the retry lane sends all owed updates of a token in one request (design.md, rule 1). */
  bodyBytes: 1024 * 1024,

  /** One frame. Small frames keep a stalled socket's backlog near its limit (facts/cloudflare.md §4). */
  frameUpdates: 100,
  frameBytes: 32 * 1024,

  /** The longest replay; whoever missed more gets a GAP (design.md, Recovery). */
  replayUpdates: 500,

  /** Ids remembered: longer than any retry (design.md, Edge). */
  seenMs: 15 * 60 * 1000,
  seenIds: 50_000,

  /** One order of the mover: its tokens, and the longest jitter, beyond any grace. */
  movedTokens: 500,
  jitterMs: 60 * 60 * 1000,
  /** Rooms asked at the same time, so that one order is not one burst of calls. */
  roomsAtOnce: 50,

  /** From the first unsaved update to the write. Below the 10 s after which an idle object hibernates. */
  saveDelayMs: 5_000,

  /** A socket that does not drain is looked at this often, and closed in the end (design.md, Slow clients). */
  stallCheckMs: 1_000,
  stallMs: 30_000,
  /** Sent since the client's last sign of life, where the runtime has no `bufferedAmount`. */
  unacknowledgedBytes: 1024 * 1024,

  /** What a client may send. Pings of the exact text are answered by the runtime and not counted. */
  inboundBytes: 1024,
  inboundMessages: 20,
  inboundPeriodMs: 10_000,

  connectPeriodMs: 60_000,
  /** Seconds: a client that hears 429 or 503 waits at least this long. */
  retryAfterSeconds: 5,
});
