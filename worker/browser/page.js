/** The test page's script: it runs in the browser, on the client library (page.js serves both). */

import { connect } from "glow-client";

import { MarketChart } from "./chart.js";

/**
 * @typedef {import("glow-client").Feed} Feed
 * @typedef {import("glow-client").FeedState} FeedState
 * @typedef {import("glow-client").FeedSubscription} FeedSubscription
 * @typedef {import("glow-client").FollowOptions} FollowOptions
 * @typedef {import("glow-client").State} State
 * @typedef {import("glow-client").Update} Update
 */

const SHOWN_FRAMES = 100;
const COURSE_POINTS = 100;
const AGES_EVERY_MS = 1_000;
const CHANGES_EVERY_MS = 30_000;
/** Seconds of each unit of an age. @type {readonly [number, string][]} */
const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
/** What is said on each path to be answered a pong, by the library too. */
const PINGS = { aws: '{"action":"ping"}', edge: '{"type":"ping"}' };

const counts = { updates: 0, frames: 0, gaps: 0, sockets: 0 };
let pingedAtMs = 0;

/** The browser's WebSocket, whose frames the page shows. */
class ShownWebSocket extends WebSocket {
  /** @param {string} url */
  constructor(url) {
    super(url);
    this.addEventListener("open", () => {
      count("sockets", 1);
      this.addEventListener("close", () => count("sockets", -1));
    });
    this.addEventListener("message", ({ data }) => receive(this, data));
  }

  /** @param {string} text */
  send(text) {
    if (Object.values(PINGS).includes(text)) pingedAtMs = performance.now();
    super.send(text);
  }
}

/** One token of the watchlist. */
class Row {
  #cells = document.importNode(find(template("row").content, "li"), true);
  /** @type {number[]} */
  #prices = [];
  /** Unix seconds of the newest trade. @type {number | null} */
  #tradedAt = null;
  #follow;
  /** @type {FeedSubscription | null} */
  #subscription = null;

  /** @param {Feed} feed @param {string} token @param {(token: string) => void} choose called when its chart is wanted */
  constructor(feed, token, choose) {
    this.#follow = (/** @type {FollowOptions} */ options) => feed.subscribe(token, options);
    this.#cell(".token").textContent = this.#cell(".token").title = token;
    this.#cell(".token").addEventListener("click", () => choose(token));
    this.#cell(".remove").ariaLabel = `Remove ${token}`;
    this.#cell(".remove").addEventListener("click", () => setTokens(tokensOfUrl().filter((other) => other !== token)));
    element("watchlist").append(this.#cells);
    this.follow();
  }

  /** Subscribes with the delivery that the page says now. */
  follow() {
    this.#subscription?.close();
    try {
      this.#subscription = this.#follow({
        delivery: field("latest").checked ? "latest" : "all",
        onPrice: (update, { isLate }) => this.#receive(update, isLate),
        onState: (state) => this.#showState(state),
      });
      this.#showState(this.#subscription.state);
    } catch (error) { // the URL may hold anything
      this.#showState({ state: "closed", path: null, reason: /** @type {Error} */ (error).message });
    }
  }

  remove() {
    this.#subscription?.close();
    this.#cells.remove();
  }

  showAge() {
    // Trades carry whole seconds, so this is exact to one second.
    if (this.#tradedAt !== null) this.#cell(".age").textContent = ageOf(Date.now() / 1_000 - this.#tradedAt);
  }

  /** @param {boolean} isCharted */
  mark(isCharted) {
    this.#cell(".token").ariaPressed = String(isCharted);
  }

  /** What the last 24 hours did. @param {number} change */
  showChange(change) {
    const cell = this.#cell(".change");
    cell.textContent = `${change > 0 ? "+" : ""}${(change * 100).toFixed(1)} %`;
    cell.dataset.move = change > 0 ? "up" : change < 0 ? "down" : "same";
  }

  /** What the price did before the page was opened. @param {readonly number[]} prices */
  showCourse(prices) {
    this.#prices = [...prices, ...this.#prices].slice(-COURSE_POINTS);
    find(this.#cells, "polyline").setAttribute("points", courseOf(this.#prices));
  }

  /** @param {Update} update @param {boolean} isLate */
  #receive({ price, timestamp, id }, isLate) {
    count("updates", 1);
    if (isLate) return; // the newest price stays
    const before = this.#prices.at(-1) ?? price;
    this.#prices = [...this.#prices, price].slice(-COURSE_POINTS);
    this.#tradedAt = timestamp;
    const cell = this.#cell(".price");
    cell.textContent = String(price);
    cell.title = id;
    cell.dataset.move = price > before ? "up" : price < before ? "down" : "same";
    find(this.#cells, "polyline").setAttribute("points", courseOf(this.#prices));
    this.showAge();
  }

  /** @param {State} state */
  #showState({ state, path, reason }) {
    this.#cell(".path").dataset.state = state;
    this.#cell(".path").textContent = [path, state === "live" ? null : state].filter((text) => text !== null).join(" · ");
    this.#cell(".reason").textContent = state === "live" ? "" : reason;
  }

  /** @param {string} selector */
  #cell(selector) {
    return /** @type {HTMLElement} */ (find(this.#cells, selector));
  }
}

const { api = "", tokens = "" } = document.body.dataset;
if (api === "") showState({ state: "closed", path: null, reason: "REST_API_URL is not set: the page cannot ask where to connect" });
else watch(connect({ api, onState: showState, WebSocket: ShownWebSocket }));

/** Keeps the rows as the URL says, which a user may share. @param {Feed} feed */
function watch(feed) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const market = new MarketChart(feed, { chart: element("chart"), trades: element("trades"), reason: element("chart-reason") });
  let charted = "";
  const chart = (/** @type {string} */ token) => {
    charted = token;
    element("market").hidden = token === "";
    show("charted", token);
    for (const [of, row] of rows) row.mark(of === token);
    if (token !== "") market.show(token, { interval: chosen("interval"), currency: chosen("currency") });
    else market.hide();
  };
  const showTokens = () => {
    const wanted = tokensOfUrl();
    for (const [token, row] of rows) {
      if (wanted.includes(token)) continue;
      row.remove();
      rows.delete(token);
    }
    for (const token of wanted) {
      if (rows.has(token)) continue;
      const row = new Row(feed, token, chart);
      rows.set(token, row);
      if (isToken(token)) void showPast(token, row);
    }
    if (!wanted.includes(charted)) chart(wanted.find(isToken) ?? "");
  };
  element("add").addEventListener("submit", (event) => {
    event.preventDefault();
    setTokens([...tokensOfUrl(), field("token").value]);
    field("token").value = "";
  });
  field("latest").addEventListener("change", () => rows.forEach((row) => row.follow()));
  for (const id of ["interval", "currency"]) element(id).addEventListener("change", () => chart(charted));
  addEventListener("hashchange", showTokens);
  setInterval(() => void showChanges(rows), CHANGES_EVERY_MS);
  setInterval(() => rows.forEach((row) => row.showAge()), AGES_EVERY_MS);
  if (location.hash === "") history.replaceState(null, "", `#${tokens}`);
  showTokens();
  void showChanges(rows);
}

/** @param {Map<string, Row>} rows */
async function showChanges(rows) {
  const { tokens: listed = [] } = await read("/tokens?limit=100");
  for (const { token, change24h } of listed) if (change24h !== undefined) rows.get(token)?.showChange(change24h);
}

/** @param {string} token @param {Row} row */
async function showPast(token, row) {
  const { candles = [] } = await read(`/tokens/${token}/candles?interval=15m&limit=${COURSE_POINTS / 2}`);
  row.showCourse(candles.map((/** @type {{close: number}} */ { close }) => close));
}

/** What the stack answers; nothing if it does not. @param {string} path @returns {Promise<any>} */
async function read(path) {
  try {
    const response = await fetch(api.replace(/\/+$/, "") + path);
    return response.ok ? await response.json() : {};
  } catch {
    return {}; // what is live says what is wrong
  }
}

/** @param {string} text */
function isToken(text) {
  return /^[\w-]{1,64}$/.test(text);
}

/** What is chosen in a list. @param {string} id @returns {any} */
function chosen(id) {
  return /** @type {HTMLSelectElement} */ (element(id)).value;
}

function tokensOfUrl() {
  return [...new Set(location.hash.slice(1).split(",").map(decoded))].filter((token) => token !== "");
}

/** @param {readonly string[]} list */
function setTokens(list) {
  location.hash = list.map(encodeURIComponent).join();
}

/** @param {string} text of the URL, which anybody may have written */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {ShownWebSocket} socket @param {string} text */
function receive(socket, text) {
  logFrame(text);
  const { type } = JSON.parse(text);
  count("frames", 1);
  if (type === "SUBSCRIBED") socket.send(PINGS.aws); // which both paths understand
  else if (type === "pong") show("trip", `${(performance.now() - pingedAtMs).toFixed(1)} ms`);
  else if (type === "GAP") count("gaps", 1);
}

/** The points of a line through `prices`, in a box of 100 by 24. @param {readonly number[]} prices */
function courseOf(prices) {
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low;
  return prices.map((price, index) => `${(index / (prices.length - 1 || 1)) * 100},${span === 0 ? 12 : 22 - ((price - low) / span) * 20}`).join(" ");
}

/** @param {number} seconds */
function ageOf(seconds) {
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.max(0, Math.floor(seconds / size))} ${unit}`;
}

/** @param {string} text */
function logFrame(text) {
  const line = document.createElement("li");
  line.textContent = `${new Date().toISOString().slice(11, 23)}  ${text}`;
  const log = element("log");
  log.prepend(line);
  if (log.childElementCount > SHOWN_FRAMES) log.lastElementChild?.remove();
}

/** @param {FeedState} state */
function showState({ state, reason }) {
  element("state").dataset.state = state;
  show("state", reason === null ? state : `${state} (${reason})`);
}

/** @param {keyof typeof counts} name @param {number} more */
function count(name, more) {
  counts[name] += more;
  show(name, counts[name].toLocaleString());
}

/** @param {string} id @param {string} text */
function show(id, text) {
  element(id).textContent = text;
}

/** @param {string} id */
function field(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/** @param {string} id */
function template(id) {
  return /** @type {HTMLTemplateElement} */ (element(id));
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (find(document, `#${id}`));
}

/** @param {ParentNode} parent @param {string} selector */
function find(parent, selector) {
  const found = parent.querySelector(selector);
  if (found === null) throw new Error(`the page has no element ${selector}`);
  return found;
}
