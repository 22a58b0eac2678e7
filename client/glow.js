/**
 * The client of glow: the live prices of one token, each trade exactly once, whatever becomes of the connection.
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update, { isLate }) => { … } });
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node. First the pure core (Memory, Sequence, Backoff),
 * then one socket (Connection), then what decides about sockets (Subscription).
 */

/**
 * One price of one token, as it stands on the wire.
 * @typedef {object} Update
 * @property {"PRICE_UPDATE"} type
 * @property {string} token
 * @property {number} price in SOL
 * @property {number} timestamp Unix seconds
 * @property {number} slot
 * @property {string} txSignature
 * @property {string} id text order is the order of time
 */

/**
 * How the subscription fares. `live`: a socket serves. `moving`: it still does, and another path is being opened.
 * `connecting`, `waiting` (until the next try): nothing serves. `polling`: no socket can be opened, prices come by REST
 * every few seconds. `closed`: ended for good, `reason` says why.
 * @typedef {object} State
 * @property {"connecting" | "live" | "moving" | "waiting" | "polling" | "closed"} state
 * @property {string | null} path the one that serves or is being opened: "aws", "edge"
 * @property {string | null} reason what led here, for people
 */

/**
 * What is used of a WebSocket: the global one has it, and that of `ws`.
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
 * @property {string} [region] where the client is, as an AWS region; it may decide the path
 * @property {"all" | "latest"} [delivery] "latest": only the newest price, skipping what the client is too slow for
 * @property {(update: Update, info: {isLate: boolean}) => void} onPrice isLate: a newer trade was handed over before, so
 *   this is not the price now
 * @property {(state: State) => void} [onState]
 * @property {new (url: string) => Socket} [WebSocket] where there is no global one (Node before 22): that of `ws`
 */

/**
 * Where to connect, as GET /connect answers it.
 * @typedef {object} Route
 * @property {string} path
 * @property {string} url
 * @property {Protocol} protocol
 * @property {number | null} [recheckMs] not null: this path is a makeshift; ask again after about so long
 */

/**
 * @typedef {object} Protocol
 * @property {object | null} subscribe what to send first; null: the URL says it
 * @property {object} ping
 * @property {number} pingMs
 * @property {number | null} maxAgeMs when the server ends the connection
 */

/**
 * Whatever a server says; which fields there are depends on `type`.
 * @typedef {{type: string, updates?: Update[], after?: string, until?: string | null, code?: string, message?: string}} Message
 */

const REMEMBERED_MS = 15 * 60 * 1000; // as long as the room: longer than any retry of a publisher
const REMEMBERED_IDS = 50_000;
const OVERLAP_MS = 5_000; // the paths may deliver in another order, by about a second
const LATE_SECONDS = 60; // how far below a gap trades may have come late
const HELD_UPDATES = 1_000;
const HELD_MS = 5_000;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;
const SETTLED_MS = 30_000; // served so long, a connection counts as a good one
const ANSWER_MS = 10_000; // for a socket to serve, a ping to be answered, a request to be
const LATE_TIMER_MS = 1_000;
const POLL_MS = 5_000;
const UNREACHABLE_TRIES = 2;
const RENEWAL_JITTER = 0.1;

const CLOSED_BY_POLICY = 1008; // the only close code that forbids to come back (worker/close.js)
const FATAL_ERRORS = ["BAD_REQUEST", "UNKNOWN_TOKEN", "TOO_MANY_TOKENS"];
const FATAL_STATUSES = [400, 404];

/**
 * MOVED names a path and its URL only; what is spoken there is the same that /connect answers.
 * @type {Record<string, (token: string) => Protocol>}
 */
const PROTOCOLS = {
  aws: (token) => ({ subscribe: { action: "subscribePrice", token }, ping: { action: "ping" }, pingMs: 240_000, maxAgeMs: 6_600_000 }),
  edge: () => ({ subscribe: null, ping: { type: "ping" }, pingMs: 20_000, maxAgeMs: null }),
};

/**
 * Receives the prices of `token` until `close()`. A wrong token or option ends it with the state `closed`.
 * @param {string} token
 * @param {Options} options
 */
export function subscribe(token, options) {
  return new Subscription(token, options);
}

/** The ids received: what is a repeat, and after which id a connection goes on. */
export class Memory {
  /** In order of arrival. @type {Map<string, number>} */
  #arrivedMs = new Map();
  /** Arrived within OVERLAP_MS of the last one. @type {{id: string, arrivedMs: number}[]} */
  #recent = [];
  /** The last one before those. @type {{id: string, arrivedMs: number} | null} */
  #settled = null;
  /** The last id that a path delivered, a repeat too. @type {Map<string, string>} */
  #lastOn = new Map();

  /**
   * Whether `id` is new; remembers it.
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
   * Forgets what arrived long before the id that `cursor` may answer: a gap behind that one is read again from earlier.
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
   * From now on only `path` serves, so what the others delivered last is no cursor there any more.
   * @param {string | null} path null: none does
   */
  stayOn(path) {
    for (const other of this.#lastOn.keys()) if (other !== path) this.#lastOn.delete(other);
  }

  /**
   * The id after which `path` has to go on; null: nothing was received yet.
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
 * An update whose turn it is.
 * @typedef {{update: Update, isLate: boolean}} Handout
 */

/** Puts updates in order: while a gap is filled, what arrives live is held back. */
export class Sequence {
  #risesOnly;
  /** @type {Update[]} */
  #held = [];
  #isHolding = false;
  /** The highest id handed out. @type {string | null} */
  newestId = null;

  /** @param {boolean} risesOnly drop what is not newer than all before it (delivery "latest") */
  constructor(risesOnly) {
    this.#risesOnly = risesOnly;
  }

  hold() {
    this.#isHolding = true;
  }

  /** Ends the holding. */
  release() {
    this.#isHolding = false;
    return this.#handOut(this.#held.splice(0).sort(byId));
  }

  /** @param {Update} update that arrived live */
  add(update) {
    this.#held.push(update);
    return this.#isHolding && this.#held.length <= HELD_UPDATES ? [] : this.release();
  }

  /** @param {readonly Update[]} updates the next page of what fills a gap, ascending */
  fill(updates) {
    const lastId = updates.length > 0 ? updates[updates.length - 1].id : "";
    const due = this.#held.filter(({ id }) => id <= lastId);
    this.#held = this.#held.filter(({ id }) => id > lastId);
    return this.#handOut([...updates, ...due].sort(byId));
  }

  /** @param {readonly Update[]} updates */
  #handOut(updates) {
    /** @type {Handout[]} */
    const handouts = [];
    for (const update of updates) {
      const isLate = this.newestId !== null && update.id <= this.newestId;
      if (!isLate) this.newestId = update.id;
      if (!isLate || !this.#risesOnly) handouts.push({ update, isLate });
    }
    return handouts;
  }
}

/** @param {Update} a @param {Update} b */
const byId = (a, b) => (a.id < b.id ? -1 : 1);

/** Waits between tries: doubling, with full jitter, so that those who failed together do not come back together. */
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

/** By hand: React Native's URL has no searchParams. @param {Record<string, string | null | undefined>} fields */
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

/** Timers and requests that end together. */
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

/** One socket on one path, with its heartbeat. */
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
      // A browser throws for an address that the page may not reach.
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
    this.#socket.onerror = () => {}; // a close follows, and `ws` throws where nobody listens
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
      // Late in a hidden tab and after a sleep: then the ping has only just been sent.
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

/** A running subscription; `subscribe` makes it. */
export class Subscription {
  #token;
  #options;
  #SocketClass;
  #memory = new Memory();
  #sequence;
  #backoff = new Backoff();
  #scope = new Scope();
  /** What leads to the next connection; a new attempt ends the one before. */
  #attempt = new Scope();
  /** @type {Connection | null} */
  #serving = null;
  /** @type {Connection | null} */
  #opening = null;
  /** The path that is being gone to. @type {string | null} */
  #target = null;
  /** What /connect or MOVED said last. @type {Route | null} */
  #route = null;
  #hasServed = false;
  /** The cursor of who was served and has received nothing: the token was quiet, not unheard. @type {string | null} */
  #servedFrom = null;
  /** Path → tries in a row that did not serve; the last to fail is the last. @type {Map<string, number>} */
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
    this.#attempt.later(0, () => this.#connect()); // not at once: the callbacks may use what `subscribe` returns
  }

  /** Ends it. No callback is called after this. */
  close() {
    for (const scope of [this.#scope, this.#attempt, this.#polling]) scope?.end();
    for (const connection of [this.#opening, this.#serving]) connection?.close();
  }

  get #wantsLatest() {
    return this.#options.delivery === "latest";
  }

  /** Asks where to connect, and opens that. */
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

  /** @param {Scope} attempt @returns {Promise<Route | null>} the last answer where none comes; null: there was none */
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

  /** @param {string | null} date by the stack's clock; null: nobody says */
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
      // Whether that holds for its region, only the stack knows.
      this.#beginAttempt().later(jitterMs * Math.random(), () => this.#connect());
      return;
    }
    const attempt = this.#beginAttempt();
    const protocol = PROTOCOLS[path](this.#token);
    const route = (this.#route = { path, url, protocol });
    this.#target = path === this.#serving?.path ? null : path;
    if (this.#target !== null) {
      // A connection that is sent on at once, again and again, goes slower and slower.
      const pauseMs = this.#serving?.isSettled ? 0 : this.#backoff.nextMs(Math.random());
      attempt.later(jitterMs * Math.random() + pauseMs, () => this.#open(route));
    }
    this.#report(`moved to ${path}`);
  }

  /** @param {string} path @param {readonly Update[]} updates that it delivered */
  #take(path, updates) {
    for (const update of updates) {
      this.#memory.advance(path, update.id);
      if (this.#memory.admit(update.id, Date.now())) this.#handOver(this.#sequence.add(update));
    }
    if (this.#fills === 0) this.#memory.forgetOld(Date.now()); // what a fill reads may be known for long
  }

  /**
   * Reads by REST what came after `after` (null: the newest price), page by page and until it is read.
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

  /** The app's exceptions are its own: they reach the global handler, and the stream goes on. @param {() => void} callback */
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
