/** The test page: a watchlist with the chart of one token, live on one socket. Its scripts are texts here, and modules in the browser. */

import chart from "./chart.js.txt";
import client from "./glow.js.txt";
import library from "./lightweight-charts.js.txt";
import script from "./page.js.txt";

/** @typedef {import("./settings.js").Settings} Settings */

/** What the page opens on where every token is served: that of `make demo` and `make trades`. */
const DEMO_TOKENS = ["DEMO_TOKEN"];
/** How many tokens of the stack the page opens on. */
const OPENING_TOKENS = 8;

/**
 * @param {string} host the Worker's own, which the page connects back to
 * @param {Settings} settings
 */
export function testPage(host, { restApiUrl, webSocketUrl, tokens }) {
  const nonce = crypto.randomUUID();
  const elsewhere = [restApiUrl, webSocketUrl].filter((url) => url !== "").map((url) => new URL(url).origin);
  const watched = tokens.length === 0 ? DEMO_TOKENS : tokens.slice(0, OPENING_TOKENS);
  // Encoded, a token is what it was, and whatever else stands in TOKENS fits into HTML.
  return new Response(html(nonce, restApiUrl, watched.map(encodeURIComponent).join()), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": [
        "default-src 'none'",
        `script-src 'nonce-${nonce}' 'self'`,
        `style-src 'nonce-${nonce}'`,
        ["connect-src", `ws://${host}`, `wss://${host}`, ...elsewhere].join(" "), // 'self' does not cover sockets in every browser
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join("; "),
      ...HEADERS,
    },
  });
}

export const chartScript = () => javascript(chart);
export const chartLibrary = () => javascript(library);
export const clientScript = () => javascript(client);
export const pageScript = () => javascript(script);

/** @param {string} text */
function javascript(text) {
  return new Response(text, { headers: { "content-type": "text/javascript; charset=utf-8", ...HEADERS } });
}

const HEADERS = { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" };

/** @param {string} nonce @param {string} api @param {string} tokens shown until others are chosen */
const html = (nonce, api, tokens) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>glow</title>
<style nonce="${nonce}">${STYLE}</style>
<script type="importmap" nonce="${nonce}">{"imports":{"glow-client":"/client.js","lightweight-charts":"/lightweight-charts.js"}}</script>
<body data-api="${api}" data-tokens="${tokens}">
<main>
  <header>
    <h1>glow</h1>
    <form id="add">
      <input id="token" placeholder="mint or token" aria-label="Token" pattern="[A-Za-z0-9_\\-]{1,64}" required spellcheck="false" autocomplete="off">
      <label><input id="latest" type="checkbox"> latest only</label>
      <button>Add</button>
    </form>
    <output id="state" data-state="idle">not connected</output>
  </header>
  <ul id="watchlist" aria-label="Watchlist"></ul>
  <p id="hint">Add a token to see its price.</p>
  <section id="market" aria-label="Chart">
    <header>
      <h2 id="charted"></h2>
      <select id="interval" aria-label="Interval"><option>1m</option><option selected>5m</option><option>15m</option><option>1h</option><option>4h</option><option>1d</option></select>
      <select id="currency" aria-label="Currency"><option value="sol">SOL</option><option value="usd">USD</option></select>
      <span id="chart-reason"></span>
    </header>
    <div id="chart"></div>
    <ol id="trades" aria-label="Trades, newest first"></ol>
    <small>Charts by <a href="https://www.tradingview.com/">TradingView Lightweight Charts™</a></small>
  </section>
  <dl>
    <div><dt>Open sockets</dt><dd id="sockets">0</dd></div>
    <div><dt>Round trip</dt><dd id="trip">–</dd></div>
    <div><dt>Updates</dt><dd id="updates">0</dd></div>
    <div><dt>Gaps</dt><dd id="gaps">0</dd></div>
  </dl>
  <h2>Frames <span id="frames">0</span></h2>
  <ol id="log" aria-label="Raw frames, newest first"></ol>
</main>
<template id="row">
  <li>
    <button class="token" title="Show its chart"></button>
    <span class="change"></span>
    <svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg>
    <span class="price">–</span>
    <span class="path"></span>
    <span class="age">–</span>
    <button class="remove" title="Remove">×</button>
    <span class="reason"></span>
  </li>
</template>
<script type="module" nonce="${nonce}" src="/page.js"></script>
</body>
</html>
`;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c1b22; --soft: #6d6a78; --line: #e4e1ea; --card: #fff; --page: #f6f4f9; --glow: #7c4dff; --up: #0a8f5b; --down: #c7344f; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1eff7; --soft: #9a96a8; --line: #2f2c3a; --card: #1b1923; --page: #121017; --glow: #a98bff; --up: #3ddc97; --down: #ff7088; } }
* { box-sizing: border-box; margin: 0; }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; display: grid; gap: 1.25rem; }
header, form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; }
form { flex: 1; }
h1 { font-size: 1.4rem; letter-spacing: -.02em; color: var(--glow); }
h2 { font-size: .8rem; font-weight: 600; color: var(--soft); }
input#token { flex: 1 1 14rem; min-width: 0; }
input#token, form button { font: inherit; padding: .5rem .8rem; border-radius: .6rem; border: 1px solid var(--line); background: var(--card); color: inherit; }
button { cursor: pointer; }
form button { background: var(--glow); border-color: var(--glow); color: var(--page); font-weight: 600; }
label { color: var(--soft); display: flex; gap: .35rem; align-items: center; }
output { padding: .25rem .8rem; border-radius: 1rem; border: 1px solid var(--line); color: var(--soft); }
output[data-state=live] { color: var(--up); border-color: currentColor; }
output[data-state=closed] { color: var(--down); border-color: currentColor; }
ul, dl > div, ol { background: var(--card); border: 1px solid var(--line); border-radius: .9rem; padding: 0; list-style: none; }
ul:empty { display: none; }
ul > li { display: grid; grid-template: "token course change price path age remove" auto "reason reason reason reason reason reason reason" auto / minmax(6rem, 1fr) minmax(3rem, 7rem) 5rem minmax(7rem, 12rem) minmax(4rem, 6rem) minmax(3rem, 4rem) 2rem; gap: 0 1rem; align-items: center; padding: .6rem 1rem .6rem 1.25rem; }
li + li { border-top: 1px solid var(--line); }
.token { grid-area: token; overflow: hidden; text-overflow: ellipsis; padding: 0; border: 0; background: none; color: inherit; font: inherit; font-weight: 650; text-align: left; }
.token[aria-pressed=true] { color: var(--glow); }
.change { grid-area: change; text-align: right; font-variant-numeric: tabular-nums; } [data-move=up] { color: var(--up); } [data-move=down] { color: var(--down); }
#market { background: var(--card); border: 1px solid var(--line); border-radius: .9rem; padding: .8rem 1rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; min-width: 0; } #market[hidden] { display: none; }
#market h2 { flex: 1; overflow: hidden; text-overflow: ellipsis; color: var(--ink); } select { font: inherit; padding: .25rem .5rem; border-radius: .6rem; border: 1px solid var(--line); background: var(--card); color: inherit; }
#chart { height: 20rem; min-width: 0; } #chart-reason, small, small a { color: var(--soft); }
#trades { border: 0; height: 9rem; } #trades > li { display: flex; gap: 1rem; padding: .1rem 0; } #trades span { flex: 1; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
svg { grid-area: course; width: 100%; height: 1.5rem; color: var(--glow); }
polyline { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.price { grid-area: price; text-align: right; font-size: 1.25rem; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.price[data-move]::after { content: " SOL"; font-size: .65em; font-weight: 400; color: var(--soft); }
.price[data-move=up] { color: var(--up); } .price[data-move=down] { color: var(--down); }
.path { grid-area: path; } .age { grid-area: age; text-align: right; } .path, .age, .reason { color: var(--soft); font-variant-numeric: tabular-nums; }
.reason { grid-area: reason; font-size: .8rem; } .path[data-state=closed], .path[data-state=closed] ~ .reason { color: var(--down); }
.remove { grid-area: remove; font: inherit; font-size: 1.1rem; line-height: 1; padding: .35rem; border: 0; border-radius: .6rem; background: none; color: var(--soft); }
.remove:hover, .remove:focus-visible { color: var(--down); background: var(--page); }
#hint { color: var(--soft); } ul:not(:empty) + #hint { display: none; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; }
dl > div { padding: .8rem 1rem; } dt { color: var(--soft); font-size: .8rem; } dd { font-weight: 600; font-variant-numeric: tabular-nums; }
ol { padding: .25rem 0; height: 18rem; overflow: auto; font: 12px/1.6 ui-monospace, monospace; }
ol > li { padding: .15rem 1rem; word-break: break-all; }
@media (max-width: 40rem) {
  form { order: 1; flex-basis: 100%; } input#token { flex-basis: 100%; } output, form button { margin-left: auto; }
  ul > li { grid-template: "token price remove" auto "path change remove" auto "reason reason reason" auto / minmax(6rem, 1fr) auto 2rem; } ul .age { display: none; } #chart { height: 15rem; }
  .price { font-size: 1.1rem; } svg { display: none; }
}
`;
