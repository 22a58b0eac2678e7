/** The test page's script: it runs in the browser, on the client library (page.js serves both). */

import { subscribe } from "glow-client";

/** @typedef {import("glow-client").Update} Update */
/** @typedef {import("glow-client").State} State */

const SHOWN_FRAMES = 100;
const CHART_POINTS = 300;
/** What to say on each path to be answered a pong. */
const PINGS = { aws: '{"action":"ping"}', edge: '{"type":"ping"}' };

/** @type {import("glow-client").Subscription | null} */
let subscription = null;
/** @type {number[]} */
let prices = [];
let pingedAtMs = 0;
const counts = { updates: 0, frames: 0, gaps: 0 };

/** The browser's WebSocket, whose frames the page shows. */
class ShownWebSocket extends WebSocket {
  /** @param {string} url */
  constructor(url) {
    super(url);
    this.addEventListener("message", ({ data }) => receive(this, data));
  }

  /** @param {string} text */
  send(text) {
    if (Object.values(PINGS).includes(text)) pingedAtMs = performance.now();
    super.send(text);
  }
}

const { api = "" } = document.body.dataset;
if (api === "") showState({ state: "closed", path: null, reason: "REST_API_URL is not set: the page cannot ask where to connect" });
else {
  element("connect").addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = field("token").value;
    connect();
  });
  addEventListener("resize", drawChart);
  if (location.hash.length > 1) field("token").value = decodeURIComponent(location.hash.slice(1));
  connect();
}

function connect() {
  subscription?.close();
  prices = [];
  Object.assign(counts, { updates: 0, frames: 0, gaps: 0 });
  show("price", "–");
  show("detail", `No trade of ${field("token").value} since the page connected.`);
  try {
    subscription = subscribe(field("token").value, {
      api,
      delivery: field("latest").checked ? "latest" : "all",
      onPrice: receiveUpdate,
      onState: showState,
      WebSocket: ShownWebSocket,
    });
  } catch (error) { // the hash of the URL may hold anything
    showState({ state: "closed", path: null, reason: /** @type {Error} */ (error).message });
  }
}

/** @param {ShownWebSocket} socket @param {string} text */
function receive(socket, text) {
  logFrame(text);
  const message = JSON.parse(text);
  counts.frames += 1;
  if (message.type === "connected") socket.send(PINGS.edge);
  else if (message.type === "SUBSCRIBED") socket.send(PINGS.aws);
  else if (message.type === "pong") show("trip", `${(performance.now() - pingedAtMs).toFixed(1)} ms`);
  else if (message.type === "GAP") counts.gaps += 1;
  showCounts();
}

/** @param {Update} update @param {{isLate: boolean}} info */
function receiveUpdate(update, { isLate }) {
  counts.updates += 1;
  showCounts();
  if (isLate) return; // the newest price stays
  const before = prices.at(-1) ?? update.price;
  prices = [...prices, update.price].slice(-CHART_POINTS);
  drawChart();
  show("price", `${update.price} SOL`);
  element("price").dataset.move = update.price > before ? "up" : update.price < before ? "down" : "same";
  show("detail", `${new Date(update.timestamp * 1000).toLocaleTimeString()} · ${update.id}`);
  // Trades carry whole seconds, so this is exact to one second.
  show("age", `${Math.max(0, Date.now() / 1000 - update.timestamp).toFixed(1)} s`);
}

function drawChart() {
  const canvas = /** @type {HTMLCanvasElement} */ (element("chart"));
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  context.scale(devicePixelRatio, devicePixelRatio);
  if (prices.length === 0) return;
  const margin = 8;
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low;
  const points = prices.map((price, index) => ({
    x: prices.length === 1 ? width / 2 : margin + (index / (prices.length - 1)) * (width - 2 * margin),
    y: span === 0 ? height / 2 : height - margin - ((price - low) / span) * (height - 2 * margin),
  }));
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  context.stroke();
  const last = points[points.length - 1];
  context.beginPath();
  context.arc(last.x, last.y, 4, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 0.12;
  context.beginPath();
  context.moveTo(points[0].x, height);
  for (const { x, y } of points) context.lineTo(x, y);
  context.lineTo(last.x, height);
  context.fill();
}

/** @param {string} text */
function logFrame(text) {
  const line = document.createElement("li");
  line.textContent = `${new Date().toISOString().slice(11, 23)}  ${text}`;
  const log = element("log");
  log.prepend(line);
  if (log.childElementCount > SHOWN_FRAMES) log.lastElementChild?.remove();
}

/** @param {State} state */
function showState({ state, path, reason }) {
  element("state").dataset.state = state;
  show("state", reason === null ? state : `${state} (${reason})`);
  show("path", path ?? "–");
}

function showCounts() {
  for (const [name, count] of Object.entries(counts)) show(name, count.toLocaleString());
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
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}
