/**
 * The client of glow: the live prices of one token, each trade exactly once. It reconnects and fills gaps by itself.
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update, { isLate }) => { … } });
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node. It has three parts: the pure core (Memory,
 * Sequence, Backoff), one socket (Connection), and the subscription, which opens and closes sockets (Subscription).
 */

/**
 * One price of one token, as the server sends it.
 * @typedef {object} Update
 * @property {"PRICE_UPDATE"} type
 * @property {string} token
 * @property {number} price in SOL
 * @property {number} timestamp Unix seconds
 * @property {number} slot
 * @property {string} txSignature
 * @property {string} id ids sorted as text are sorted by time
 */

/**
 * The state of the subscription.
 * `live`: a socket delivers prices.
 * `moving`: a socket delivers, and a socket on another path is being opened.
 * `connecting`: a socket is being opened, and no other delivers.
 * `waiting`: no socket delivers; the next try comes after a wait.
 * `polling`: no socket can be opened; prices are read by REST every few seconds.
 * `closed`: ended for good; `reason` says why.
 * @typedef {object} State
 * @property {"connecting" | "live" | "moving" | "waiting" | "polling" | "closed"} state
 * @property {string | null} path "aws" or "edge": the path that delivers or is being opened
 * @property {string | null} reason why the state changed, for people
 */

/**
 * The part of a WebSocket that is used here. The global WebSocket has it, and so has the one of the package `ws`.
 * @typedef {object} Socket
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {((event: any) => void) | null} onerror
 * @property {(text: string) => void} send
 * @property {(code: number) => void} close
 */

/**
 * @typedef {object} Options
 * @property {string} api the stack's output RestApiUrl
 * @property {string} [region] the client's AWS region; the stack may choose the path by it
 * @property {"all" | "latest"} [delivery] "latest": only the newest price; a slow client skips prices
 * @property {(update: Update, info: {isLate: boolean}) => void} onPrice isLate: a newer trade came before this one, so
 *   this is not the current price
 * @property {(state: State) => void} [onState]
 * @property {new (url: string) => Socket} [WebSocket] the one of the package `ws`, if there is no global one (Node before 22)
 */

/**
 * Where to connect: the answer of GET /connect.
 * @typedef {object} Route
 * @property {string} path
 * @property {string} url
 * @property {Protocol} protocol
 * @property {number | null} [recheckMs] set if this path is only a substitute: ask again after about this time
 */

/**
 * @typedef {object} Protocol
 * @property {object | null} subscribe the first message to send; null if the URL says everything
 * @property {object} ping
 * @property {number} pingMs
 * @property {number | null} maxAgeMs the age at which the client must have renewed the connection; null: no limit
 */

/**
 * Any message of the server. `type` decides which fields it has.
 * @typedef {{type: string, updates?: Update[], after?: string, until?: string | null, code?: string, message?: string}} Message
 */

const REMEMBERED_MS = 15 * 60 * 1000; // the same as in the room; longer than any retry of a publisher takes
const REMEMBERED_IDS = 50_000;
const OVERLAP_MS = 5_000; // the paths may deliver trades in different orders, about a second apart; 5 s leave a margin
const LATE_SECONDS = 60; // a trade may arrive this long after one with a higher id, so gaps are read from this much earlier
const HELD_UPDATES = 1_000;
const HELD_MS = 5_000;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;
const SETTLED_MS = 30_000; // after this long, a connection counts as good and the back-off starts again
const ANSWER_MS = 10_000; // how long a socket may take to be ready, and a ping or a request to be answered
const LATE_TIMER_MS = 1_000;
const POLL_MS = 5_000;
const UNREACHABLE_TRIES = 2;
const RENEWAL_JITTER = 0.1;

const CLOSED_BY_POLICY = 1008; // the only close code after which a client must not reconnect (worker/close.js)
const FATAL_ERRORS = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS"];
const FATAL_STATUSES = [400, 404];

/**
 * The protocol of each path, for MOVED, which names only path and URL. They are those that /connect answers.
 * @type {Record<string, (token: string) => Protocol>}
 */
const PROTOCOLS = {
  aws: (token) => ({ subscribe: { action: "subscribePrice", token }, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 }),
  edge: () => ({ subscribe: null, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null }),
};

/**
 * Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`.
 * @param {string} token
 * @param {Options} options
 */
export function subscribe(token, options) {
  return new Subscription(token, options);
}

/** Remembers the ids received. It recognises repeats, and knows the id after which a connection must continue. */
export class Memory {
  /** In order of arrival. @type {Map<string, number>} */
  #arrivedMs = new Map();
  /** The ids that arrived at most OVERLAP_MS before the last one. @type {{id: string, arrivedMs: number}[]} */
  #recent = [];
  /** The last id that arrived before `#recent`. @type {{id: string, arrivedMs: number} | null} */
  #settled = null;
  /** Path → the last id that it delivered, repeats included. @type {Map<string, string>} */
  #lastOn = new Map();

  /**
   * Remembers `id`. Returns whether it is new.
   * @param {string} id
   * @param {number} nowMs
   */
  admit(id, nowMs) {
    if (this.#arrivedMs.has(id)) return false;
    this.#arrivedMs.set(id, nowMs);
    if (this.#arrivedMs.size > REMEMBERED_IDS) this.#arrivedMs.delete(/** @type {string} */ (this.#oldest()));
    this.#recent.push({ id, arrivedMs: nowMs });
    while (this.#recent[0].arrivedMs <= nowMs - OVERLAP_MS) this.#settled = this.#recent.shift() ?? null;
    return true;
  }

  /**
   * Forgets ids that arrived long before the one that `cursor` may return. Ids shortly before it are kept, because a gap
   * after it is read from earlier and repeats them.
   * @param {number} nowMs
   */
  forgetOld(nowMs) {
    const oldestMs = (this.#settled?.arrivedMs ?? nowMs) - REMEMBERED_MS;
    for (const [id, arrivedMs] of this.#arrivedMs) {
      if (arrivedMs >= oldestMs) break;
      this.#arrivedMs.delete(id);
    }
  }

  /**
   * @param {string} path
   * @param {string} id that it delivered
   */
  advance(path, id) {
    this.#lastOn.set(path, id);
  }

  /**
   * Only `path` delivers from now on, so the last ids of the other paths become too old to be their cursors.
   * @param {string | null} path null: none does
   */
  stayOn(path) {
    for (const other of this.#lastOn.keys()) if (other !== path) this.#lastOn.delete(other);
  }

  /**
   * The id after which `path` must continue; null if nothing was received yet.
   * @param {string} path
   */
  cursor(path) {
    return this.#lastOn.get(path) ?? this.#settled?.id ?? this.#oldest() ?? null;
  }

  /** @returns {string | undefined} */
  #oldest() {
    return this.#arrivedMs.keys().next().value;
  }
}

/**
 * An update that is ready for the app.
 * @typedef {{update: Update, isLate: boolean}} Handout
 */

/** Puts updates in order: live updates wait while a gap before them is being filled. */
export class Sequence {
  #risesOnly;
  /** @type {Update[]} */
  #held = [];
  #isHolding = false;
  /** The id of the newest price handed out. @type {string | null} */
  newestId = null;
  #newestPlace = "";

  /** @param {boolean} risesOnly drops every update that is not newer than all before it (delivery "latest") */
  constructor(risesOnly) {
    this.#risesOnly = risesOnly;
  }

  hold() {
    this.#isHolding = true;
  }

  /** Stops holding, and returns the held updates. */
  release() {
    this.#isHolding = false;
    return this.#handOut(this.#held.splice(0).sort(byPlace));
  }

  /** @param {Update} update that arrived live */
  add(update) {
    this.#held.push(update);
    return this.#isHolding && this.#held.length <= HELD_UPDATES ? [] : this.release();
  }

  /** @param {readonly Update[]} updates the next page of what fills a gap, in trade order */
  fill(updates) {
    const last = updates.length > 0 ? placeOf(updates[updates.length - 1]) : "";
    const due = this.#held.filter((update) => placeOf(update) <= last);
    this.#held = this.#held.filter((update) => placeOf(update) > last);
    return this.#handOut([...updates, ...due].sort(byPlace));
  }

  /** @param {readonly Update[]} updates */
  #handOut(updates) {
    /** @type {Handout[]} */
    const handouts = [];
    for (const update of updates) {
      const isLate = placeOf(update) < this.#newestPlace;
      if (!isLate) [this.newestId, this.#newestPlace] = [update.id, placeOf(update)];
      if (!isLate || !this.#risesOnly) handouts.push({ update, isLate });
    }
    return handouts;
  }
}

/**
 * The second and the slot of an update. The rest of its id says nothing of the order inside a slot: there the one that comes
 * later is the newer one.
 * @param {Update} update
 */
const placeOf = ({ id }) => id.slice(0, 23);

/** Leaves updates of one slot as they came. @param {Update} a @param {Update} b */
const byPlace = (a, b) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0);

/**
 * The wait between tries: a random part of a time that doubles with each failure. It is random so that clients that failed
 * together do not come back together ("full jitter").
 */
export class Backoff {
  #tries = 0;

  /** @param {number} random from 0 to 1 @returns {number} milliseconds */
  nextMs(random) {
    return random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** this.#tries++);
  }

  reset() {
    this.#tries = 0;
  }
}

/**
 * The smallest id `seconds` before that of `id`.
 * @param {string} id
 * @param {number} seconds
 */
export function idBefore(id, seconds) {
  return firstIdOf(Math.max(0, Number(id.slice(0, 10)) - seconds));
}

/** @param {number} timestamp Unix seconds */
function firstIdOf(timestamp) {
  return `${String(timestamp).padStart(10, "0")}-000000000000-0`;
}

/** Builds the query as text, because React Native's URL has no searchParams. @param {Record<string, string | null | undefined>} fields */
function queryOf(fields) {
  const given = Object.entries(fields).filter(([, value]) => value != null);
  return given.map(([name, value], index) => `${index === 0 ? "?" : "&"}${name}=${encodeURIComponent(value ?? "")}`).join("");
}

class HttpError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} text @returns {Message | null} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Timers and requests that can be cancelled together. */
class Scope {
  isOver = false;
  /** @type {Set<() => void>} */
  #ends = new Set();

  /** @param {number} delayMs @param {() => void} act @returns {() => void} cancels it */
  later(delayMs, act) {
    if (this.isOver) return () => {};
    const cancel = () => {
      clearTimeout(timer);
      this.#ends.delete(cancel);
    };
    const timer = setTimeout(() => {
      this.#ends.delete(cancel);
      act();
    }, delayMs);
    this.#ends.add(cancel);
    return cancel;
  }

  /** @param {string} url @param {(response: Response) => void} [look] at a good answer @returns {Promise<any>} */
  async fetchJson(url, look = () => {}) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = this.later(ANSWER_MS, abort);
    this.#ends.add(abort);
    if (this.isOver) abort();
    try {
      const response = await fetch(url, { signal: controller.signal });
      if (response.ok) {
        look(response);
        return await response.json();
      }
      const body = await response.json().catch(() => null);
      throw new HttpError(response.status, body?.error?.message ?? `HTTP status ${response.status}`);
    } finally {
      cancel();
      this.#ends.delete(abort);
    }
  }

  end() {
    this.isOver = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

/**
 * @typedef {object} Listener
 * @property {() => void} onServing
 * @property {(message: Message) => void} onMessage
 * @property {(code: number, reason: string) => void} onEnd not after `close()`
 */

/** One socket on one path. It sends pings and ends when the server stays silent. */
class Connection {
  scope = new Scope();
  isSettled = false;
  isAged = false;
  #serves = false;
  #listener;
  /** @type {Socket | null} */
  #socket = null;
  #cancelDeadline = () => {};

  /**
   * @param {Route} route
   * @param {{after: string | null, delivery: string | null}} wish
   * @param {new (url: string) => Socket} SocketClass
   * @param {Listener} listener
   */
  constructor({ path, url, protocol }, wish, SocketClass, listener) {
    this.path = path;
    this.protocol = protocol;
    this.#listener = listener;
    this.#expectWithin(ANSWER_MS);
    try {
      this.#socket = new SocketClass(protocol.subscribe === null ? url + queryOf(wish) : url);
    } catch (error) {
      // Browsers throw if the page is not allowed to reach the address.
      this.scope.later(0, () => this.fail(1006, String(error)));
      return;
    }
    const { subscribe } = protocol;
    this.#socket.onopen = () => {
      if (subscribe === null || this.scope.isOver) return;
      const { after, delivery } = wish;
      this.#say({ ...subscribe, ...(after !== null && { after }), ...(delivery !== null && { delivery }) });
    };
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code, reason }) => this.fail(code, reason);
    this.#socket.onerror = () => {}; // `onclose` follows; without a listener `ws` would throw
  }

  close() {
    this.scope.end();
    this.#socket?.close(1000);
  }

  /** @param {number} code @param {string} reason */
  fail(code, reason) {
    if (this.scope.isOver) return;
    this.close();
    this.#listener.onEnd(code, reason);
  }

  /** @param {string} text */
  #receive(text) {
    if (this.scope.isOver) return;
    const message = parsed(text);
    if (message === null) return this.fail(1007, "a frame that is not JSON");
    if (this.#serves) this.#expectWithin(this.protocol.pingMs + ANSWER_MS);
    else if (message.type === "connected" || message.type === "SUBSCRIBED") this.#beginServing();
    this.#listener.onMessage(message);
  }

  #beginServing() {
    this.#serves = true;
    this.#expectWithin(this.protocol.pingMs + ANSWER_MS);
    const pingLater = () =>
      this.scope.later(this.protocol.pingMs, () => {
        this.#say(this.protocol.ping);
        pingLater();
      });
    pingLater();
    this.#listener.onServing();
  }

  /** @param {number} withinMs */
  #expectWithin(withinMs) {
    const dueMs = Date.now() + withinMs;
    const giveUp = () => this.fail(1006, `no answer for ${withinMs} ms`);
    this.#cancelDeadline();
    this.#cancelDeadline = this.scope.later(withinMs, () => {
      // In a hidden tab and after a sleep, timers fire late. Then the ping has only just been sent, so wait once more.
      const isLate = Date.now() - dueMs > LATE_TIMER_MS;
      if (isLate) this.#cancelDeadline = this.scope.later(ANSWER_MS, giveUp);
      else giveUp();
    });
  }

  /** @param {object} message */
  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** A running subscription. Made by `subscribe`. */
export class Subscription {
  #token;
  #options;
  #SocketClass;
  #memory = new Memory();
  #sequence;
  #backoff = new Backoff();
  #scope = new Scope();
  /** The timers and requests of the current try to connect. A new try cancels the one before. */
  #attempt = new Scope();
  /** @type {Connection | null} */
  #serving = null;
  /** @type {Connection | null} */
  #opening = null;
  /** The path that is being opened. @type {string | null} */
  #target = null;
  /** The last route that came from /connect or MOVED. @type {Route | null} */
  #route = null;
  #hasServed = false;
  /**
   * The cursor of a client that was connected and has received nothing, because the token was quiet. It is the time of
   * the discovery: everything since then must be delivered.
   * @type {string | null}
   */
  #servedFrom = null;
  /** Path → how many tries in a row failed. The path that failed last is the last key. @type {Map<string, number>} */
  #failures = new Map();
  #fills = 0;
  #isWaiting = false;
  /** @type {Scope | null} */
  #polling = null;
  #reported = "";

  /** @param {string} token @param {Options} options */
  constructor(token, options) {
    const SocketClass = options.WebSocket ?? globalThis.WebSocket;
    if (SocketClass === undefined) {
      throw new Error("glow: there is no global WebSocket here (Node before 22). Pass that of the package ws: subscribe(token, { …, WebSocket })");
    }
    this.#token = token;
    this.#options = { ...options, api: options.api.replace(/\/+$/, "") };
    this.#SocketClass = SocketClass;
    this.#sequence = new Sequence(this.#wantsLatest);
    this.#attempt.later(0, () => this.#connect()); // not at once, because the callbacks may use the value that `subscribe` returns
  }

  /** Ends the subscription. No callback is called after this. */
  close() {
    for (const scope of [this.#scope, this.#attempt, this.#polling]) scope?.end();
    for (const connection of [this.#opening, this.#serving]) connection?.close();
  }

  get #wantsLatest() {
    return this.#options.delivery === "latest";
  }

  /** Asks the stack where to connect, and connects. */
  async #connect() {
    const attempt = this.#beginAttempt();
    this.#report();
    const route = await this.#discover(attempt);
    if (attempt.isOver) return;
    if (route === null) return this.#retry("nobody answers where to connect");
    if (route.path === this.#serving?.path && !this.#serving.isAged) {
      this.#target = null;
      this.#recheckLater(this.#serving, route);
      return this.#report();
    }
    if (this.#serving === null && this.#triesOf(route.path) >= UNREACHABLE_TRIES) this.#startPolling();
    this.#open(route);
  }

  #beginAttempt() {
    this.#attempt.end();
    this.#opening?.close();
    this.#opening = null;
    this.#isWaiting = false;
    return (this.#attempt = new Scope());
  }

  /** @param {string} reason */
  #retry(reason) {
    const attempt = this.#beginAttempt();
    this.#isWaiting = true;
    attempt.later(this.#backoff.nextMs(Math.random()), () => this.#connect());
    this.#report(reason);
  }

  /** @param {Scope} attempt @returns {Promise<Route | null>} the last known route if no answer comes; null if there is none */
  async #discover(attempt) {
    const failed = [...this.#failures.keys()].pop();
    const avoid = failed !== undefined && this.#triesOf(failed) >= UNREACHABLE_TRIES ? failed : null;
    const { api, region } = this.#options;
    try {
      const url = `${api}/connect/${encodeURIComponent(this.#token)}${queryOf({ region, avoid })}`;
      this.#route = await attempt.fetchJson(url, ({ headers }) => this.#noteWhen(headers.get("date")));
    } catch (error) {
      if (!attempt.isOver && error instanceof HttpError && FATAL_STATUSES.includes(error.status)) this.#end(error.message);
    }
    return this.#route;
  }

  /** @param {string | null} date the header `Date`: the stack's time */
  #noteWhen(date) {
    if (!this.#hasServed) this.#servedFrom = date === null ? null : firstIdOf(Date.parse(date) / 1_000);
  }

  /** @param {string} path */
  #triesOf(path) {
    return this.#failures.get(path) ?? 0;
  }

  /** @param {Route} route */
  #open(route) {
    const after = this.#memory.cursor(route.path) ?? (this.#hasServed ? this.#servedFrom : null);
    const wish = { after, delivery: this.#wantsLatest ? "latest" : null };
    const connection = new Connection(route, wish, this.#SocketClass, {
      onServing: () => this.#serve(connection, route),
      onMessage: (message) => this.#receive(connection, message),
      onEnd: (code, reason) => this.#lose(connection, code, reason),
    });
    this.#target = route.path;
    this.#opening = connection;
    this.#report();
  }

  /** @param {Connection} connection @param {Route} route */
  #serve(connection, route) {
    this.#serving?.close();
    this.#serving = connection;
    this.#hasServed = true;
    this.#opening = this.#target = null;
    this.#polling?.end();
    this.#polling = null;
    this.#failures.delete(connection.path);
    this.#memory.stayOn(connection.path);
    connection.scope.later(SETTLED_MS, () => {
      connection.isSettled = true;
      this.#backoff.reset();
      this.#failures.clear();
    });
    const { maxAgeMs } = connection.protocol;
    if (maxAgeMs !== null) {
      connection.scope.later(maxAgeMs * (1 - RENEWAL_JITTER * Math.random()), () => {
        connection.isAged = true;
        this.#connectUnlessMoving();
      });
    }
    this.#recheckLater(connection, route);
    this.#report();
  }

  /** @param {Connection} connection @param {Route} route */
  #recheckLater(connection, { recheckMs }) {
    if (recheckMs != null) connection.scope.later(recheckMs * (1 + Math.random()), () => this.#connectUnlessMoving());
  }

  #connectUnlessMoving() {
    if (this.#target === null) void this.#connect();
  }

  /** @param {Connection} connection @param {number} code @param {string} reason */
  #lose(connection, code, reason) {
    if (code === CLOSED_BY_POLICY) return this.#end(reason);
    const why = `${connection.path} ended: ${code} ${reason}`.trim();
    if (connection === this.#serving) {
      this.#serving = null;
      if (this.#opening === null) this.#retry(why);
      else this.#report(why);
      return;
    }
    const tries = this.#triesOf(connection.path) + 1;
    this.#failures.delete(connection.path);
    this.#failures.set(connection.path, tries);
    this.#retry(why);
  }

  /** @param {Connection} connection @param {Message} message */
  #receive(connection, message) {
    switch (message.type) {
      case "PRICE_UPDATE":
        return this.#take(connection.path, [/** @type {Update} */ (message)]);
      case "PRICE_BATCH":
        return this.#take(connection.path, message.updates ?? []);
      case "GAP":
        return void this.#fill(message.after ?? null, message.until ?? null);
      case "MOVED":
        return this.#move(/** @type {any} */ (message));
      case "ERROR":
        if (FATAL_ERRORS.includes(message.code ?? "")) this.#end(message.message ?? "");
        else connection.fail(1006, message.message ?? "");
    }
  }

  /** @param {{path: string, url: string, jitterMs: number}} moved */
  #move({ path, url, jitterMs }) {
    if (path === this.#target || !(path in PROTOCOLS)) return;
    if (this.#options.region != null) {
      // The move may not concern this region, so ask the stack.
      this.#beginAttempt().later(jitterMs * Math.random(), () => this.#connect());
      return;
    }
    const attempt = this.#beginAttempt();
    const protocol = PROTOCOLS[path](this.#token);
    const route = (this.#route = { path, url, protocol });
    this.#target = path === this.#serving?.path ? null : path;
    if (this.#target !== null) {
      // A client that is moved again and again within seconds waits longer each time.
      const pauseMs = this.#serving?.isSettled ? 0 : this.#backoff.nextMs(Math.random());
      attempt.later(jitterMs * Math.random() + pauseMs, () => this.#open(route));
    }
    this.#report(`moved to ${path}`);
  }

  /** @param {string} path @param {readonly Update[]} updates that `path` delivered */
  #take(path, updates) {
    for (const update of updates) {
      this.#memory.advance(path, update.id);
      if (this.#memory.admit(update.id, Date.now())) this.#handOver(this.#sequence.add(update));
    }
    if (this.#fills === 0) this.#memory.forgetOld(Date.now()); // while a gap is filled, even old ids may come again
  }

  /**
   * Reads by REST what came after `after` (null: the newest price), page by page. Tries until it succeeds.
   * @param {string | null} after
   * @param {string | null} until
   */
  async #fill(after, until) {
    this.#fills += 1;
    this.#sequence.hold();
    const release = () => this.#handOver(this.#sequence.release());
    const cancelRelease = this.#scope.later(HELD_MS, release);
    const backoff = new Backoff();
    let from = after === null ? null : idBefore(after, LATE_SECONDS);
    for (let isRead = false; !isRead; ) {
      try {
        const { prices, next } = await this.#page(from, until);
        this.#handOver(this.#sequence.fill(prices.filter(({ id }) => this.#memory.admit(id, Date.now()))));
        isRead = next === null;
        from = next;
      } catch {
        if (this.#scope.isOver) return;
        await new Promise((resolve) => this.#scope.later(backoff.nextMs(Math.random()), () => resolve(null)));
      }
    }
    cancelRelease();
    this.#fills -= 1;
    if (this.#fills === 0) release();
  }

  /** @param {string | null} after @param {string | null} until @returns {Promise<{prices: Update[], next: string | null}>} */
  async #page(after, until) {
    const ofToken = `${this.#options.api}/tokens/${encodeURIComponent(this.#token)}`;
    if (after !== null && !this.#wantsLatest) return this.#scope.fetchJson(`${ofToken}/prices${queryOf({ after, until })}`);
    try {
      return { prices: [await this.#scope.fetchJson(`${ofToken}/price`)], next: null };
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return { prices: [], next: null }; // no trade yet
      throw error;
    }
  }

  #startPolling() {
    if (this.#polling !== null) return;
    const polling = (this.#polling = new Scope());
    this.#memory.stayOn(null);
    const poll = () => {
      if (this.#fills === 0) void this.#fill(this.#sequence.newestId, null);
      polling.later(POLL_MS, poll);
    };
    poll();
  }

  /** @param {readonly Handout[]} handouts */
  #handOver(handouts) {
    for (const { update, isLate } of handouts) this.#call(() => this.#options.onPrice(update, { isLate }));
  }

  /** @param {string | null} [reason] */
  #report(reason = null) {
    const serving = this.#serving?.path;
    const isMoving = this.#target !== null && this.#target !== serving;
    if (serving !== undefined) this.#tell({ state: isMoving ? "moving" : "live", path: serving, reason });
    else if (this.#polling !== null) this.#tell({ state: "polling", path: null, reason });
    else this.#tell({ state: this.#isWaiting ? "waiting" : "connecting", path: this.#opening?.path ?? null, reason });
  }

  /** @param {State} state */
  #tell(state) {
    const reported = `${state.state} ${state.path}`;
    if (reported === this.#reported) return;
    this.#reported = reported;
    this.#call(() => this.#options.onState?.(state));
  }

  /** @param {string} reason */
  #end(reason) {
    this.#tell({ state: "closed", path: null, reason });
    this.close();
  }

  /**
   * Calls the app. If it throws, the error goes to the global handler, and the subscription goes on.
   * @param {() => void} callback
   */
  #call(callback) {
    if (this.#scope.isOver) return;
    try {
      callback();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
