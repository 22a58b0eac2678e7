/** The test page's script. It runs in the browser, as the text of this function, so it uses nothing from outside. */

export function startPage() {
  const SHOWN_FRAMES = 100;
  const CHART_POINTS = 300;
  const PING_PERIOD_MS = 20_000; // design.md, Slow clients

  /** @typedef {{type: string, id?: string, price: number, timestamp: number, slot?: number, updates?: Message[], colo?: string}} Message */

  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {number[]} */
  let prices = [];
  let newestId = "";
  let pingedAtMs = 0;
  const counts = { updates: 0, frames: 0, gaps: 0 };

  element("connect").addEventListener("submit", (event) => {
    event.preventDefault();
    prices = [];
    newestId = "";
    Object.assign(counts, { updates: 0, frames: 0, gaps: 0 });
    location.hash = field("token").value;
    connect();
  });
  setInterval(ping, PING_PERIOD_MS);
  addEventListener("resize", drawChart);
  if (location.hash.length > 1) {
    field("token").value = decodeURIComponent(location.hash.slice(1));
    connect();
  }

  function connect() {
    socket?.close(1000);
    const url = new URL(`/ws/${encodeURIComponent(field("token").value)}`, location.href.replace(/^http/, "ws"));
    url.hash = "";
    if (field("latest").checked) url.searchParams.set("delivery", "latest");
    if (newestId !== "") url.searchParams.set("after", newestId);
    const opened = (socket = new WebSocket(url));
    showState("opening", "connecting");
    opened.onopen = () => {
      showState("open", "live");
      ping();
    };
    opened.onmessage = ({ data }) => receive(data);
    opened.onclose = ({ code, reason }) => {
      if (socket !== opened) return;
      showState("closed", reason === "" ? `closed (${code})` : `closed (${code}: ${reason})`);
      const isWelcomeBack = code !== 1000 && code !== 1008;
      // Jitter: a deployment drops all sockets at once, and they must not all return at once.
      if (isWelcomeBack) setTimeout(() => socket === opened && connect(), 1000 + Math.random() * 4000);
    };
  }

  function ping() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    pingedAtMs = performance.now();
    socket.send('{"type":"ping"}');
  }

  /** @param {string} text */
  function receive(text) {
    logFrame(text);
    /** @type {Message} */
    const message = JSON.parse(text);
    counts.frames += 1;
    if (message.type === "connected") show("path", message.colo ? `edge · ${message.colo}` : "edge");
    else if (message.type === "pong") show("trip", `${(performance.now() - pingedAtMs).toFixed(1)} ms`);
    else if (message.type === "GAP") counts.gaps += 1;
    else for (const update of message.updates ?? [message]) receiveUpdate(update);
    for (const [name, count] of Object.entries(counts)) show(name, count.toLocaleString());
    drawChart();
  }

  /** @param {Message} update */
  function receiveUpdate(update) {
    counts.updates += 1;
    const id = update.id ?? "";
    if (id <= newestId) return; // late, or a repeat: the newest price stays
    newestId = id;
    const before = prices.at(-1) ?? update.price;
    prices = [...prices, update.price].slice(-CHART_POINTS);
    show("price", `${update.price} SOL`);
    element("price").dataset.move = update.price > before ? "up" : update.price < before ? "down" : "same";
    show("detail", `${new Date(update.timestamp * 1000).toLocaleTimeString()} · ${id}`);
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

  /** @param {string} state @param {string} text */
  function showState(state, text) {
    element("state").dataset.state = state;
    show("state", text);
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
}
