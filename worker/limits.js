/** The limits of the edge path, with their sources. Sizes are bytes; messages contain ASCII only, so a character is a byte. */

export const LIMITS = Object.freeze({
  /** Size of a posted body. The edge retry sends all waiting updates of a token in one request (design.md, rule 1). */
  bodyBytes: 1024 * 1024,

  /** Size of a frame. With small frames a stalled socket's buffer stays close to its limit (facts/cloudflare.md §4). */
  frameUpdates: 100,
  frameBytes: 32 * 1024,

  /** The longest replay. A client that missed more gets a GAP (design.md, Recovery). */
  replayUpdates: 500,

  /** How long, and how many, ids are remembered. Longer than any retry takes (design.md, Edge). */
  seenMs: 15 * 60 * 1000,
  seenIds: 50_000,

  /** One order of the mover: the number of its tokens, and the longest jitter that is accepted (longer than any grace). */
  movedTokens: 500,
  jitterMs: 60 * 60 * 1000,
  /** How many rooms are called at the same time, so that an order does not cause one large burst of calls. */
  roomsAtOnce: 50,

  /** When unsaved updates are saved. Idle: less than the 10 s after which an object hibernates. */
  saveIdleMs: 5_000,
  saveBusyMs: 60_000,

  /** A trade may arrive this long after one with a higher id (design.md, Recovery). */
  lateSeconds: 60,
  /** The longest read of the table, with the wait before it, which spreads the reads of rooms that wake together. */
  healMs: 2_000,
  healJitterMs: 300,
  /** After a read that failed: doubled each time. */
  healAgainMs: 1_000,
  healAgainMaxMs: 60_000,
  /** How long a room that nobody posts to trusts what it has read. */
  lookUpMs: 10_000,

  /**
   * So many sockets are written to before the publisher is answered, in about 4 ms; of more, so many in each task, in about
   * 8 ms, because 30 to 50 µs go into each frame (facts/cloudflare.md §4).
   */
  promptSockets: 100,
  socketsPerTask: 200,
  /** The pause between frames: about as long as the writing took. */
  pausePerSocketMs: 0.05,
  /**
   * The same for all clients of a hub. An update is for few of them, and each of them gets those of many tokens: what a hub
   * saves is the frames of one client that a longer pause makes one (docs/performance.md, "Watchlists").
   */
  pausePerClientMs: 0.25,

  /** A client that has not said anything for so long is gone: two minutes, six pings. And how often the room looks. */
  silentMs: 2 * 60 * 1000,
  sweepMs: 60 * 1000,
  /** One network may have this part of a room's seats, at least one. */
  networkPart: 4,

  /** How often a stalled socket is checked, and when it is closed (design.md, Slow clients). */
  stallCheckMs: 1_000,
  stallMs: 30_000,
  /** Bytes sent since the client's last message or ping; used where the runtime has no `bufferedAmount`. */
  unacknowledgedBytes: 1024 * 1024,

  /** What a client may send. Pings in the exact spelling are answered by the runtime and do not count. */
  inboundBytes: 1024,
  inboundMessages: 20,
  inboundPeriodMs: 10_000,

  /** A client of many tokens. The numbers are those of the AWS path, where apps expect them. */
  clientTokens: 100,
  commandBytes: 16 * 1024,
  /** Its messages in `inboundPeriodMs`: to subscribe to all tokens one by one, leave them and subscribe again takes as many. */
  commands: 300,
  /** The prices that answer a command. More are GAPs. */
  openingUpdates: 2_000,
  /** How long an opening waits, at most, for those of other tokens that the client asked for. */
  openingMs: 50,

  /** What a hub keeps for slow clients and for those that resume. */
  hubRingBytes: 8 * 1024 * 1024,
  /** Updates that a hub takes into one round: a client follows a part of its tokens only. */
  hubRoundUpdates: 2_500,
  /** A hub looks after its sockets so often. */
  tendMs: 1_000,
  /** The same for clients that are held back: with the ordinary buffer that is 2.5 MB a second. */
  heldMs: 100,
  /** Rooms that are being opened: so many outgoing connections may a Worker wait for (facts/cloudflare.md §4). */
  opensAtOnce: 6,
  /** Longer than a room's read of the table takes, and so short that a second try comes before clients are told that it is down. */
  openMs: 4_000,
  /** A room that a hub hears nothing from: opened again. A room closed or not opened: its clients are told. */
  linkPingMs: 20_000,
  linkPongMs: 10_000,
  linkDownMs: 10_000,
  /** Before a room is opened again: a random part of this, doubled each time. */
  reopenMs: 250,
  reopenMaxMs: 4_000,
  /** A hub acknowledges after so much: well below `unacknowledgedBytes`, or its rooms would wait for it. */
  linkUnacknowledgedBytes: 256 * 1024,
  /** A hub tells a room how many clients it has, at most this often. */
  reportMs: 10_000,
  /** Hubs in one room. */
  hubSeats: 1_000,
  /** Hubs of a region, as one isolate knows them: how many at most, how many are tried, and when a full one is asked again. */
  hubs: 1_024,
  hubTries: 4,
  hubFullMs: 60_000,
  /**
   * Access tokens of listeners. They cannot be called back, so a stolen one must end by itself; the back end's clock may be
   * so far from ours. As in functions/glow/listeners.
   */
  accessTokenBytes: 4096,
  accessLifeSeconds: 30 * 24 * 3600,
  clockSkewSeconds: 30,
  subjectCharacters: 256,
  /** How long a client of a hub may take to show one. */
  authorizeMs: 30_000,

  /** A client that receives 429 or 503 waits at least this long. */
  retryAfterSeconds: 5,
});
