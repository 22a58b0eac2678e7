/** The test page: connect to a token, see its price live. Its scripts are texts here, and modules in the browser. */

import client from "./glow.js.txt";
import script from "./page.js.txt";

/** @typedef {import("./settings.js").Settings} Settings */

/** What the page opens on where every token is served: that of `make demo` and `make trades`. */
const DEMO_TOKEN = "DEMO_TOKEN";

/**
 * @param {string} host the Worker's own, which the page connects back to
 * @param {Settings} settings
 */
export function testPage(host, { restApiUrl, webSocketUrl, tokens }) {
  const nonce = crypto.randomUUID();
  const elsewhere = [restApiUrl, webSocketUrl].filter((url) => url !== "").map((url) => new URL(url).origin);
  const [token = DEMO_TOKEN] = tokens;
  // Encoded, a token is what it was, and whatever else stands in TOKENS fits into HTML.
  return new Response(html(nonce, restApiUrl, encodeURIComponent(token)), {
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

export const clientScript = () => javascript(client);
export const pageScript = () => javascript(script);

/** @param {string} text */
function javascript(text) {
  return new Response(text, { headers: { "content-type": "text/javascript; charset=utf-8", ...HEADERS } });
}

const HEADERS = { "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" };

/** @param {string} nonce @param {string} api @param {string} token shown until another one is chosen */
const html = (nonce, api, token) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>glow</title>
<style nonce="${nonce}">${STYLE}</style>
<script type="importmap" nonce="${nonce}">{"imports":{"glow-client":"/client.js"}}</script>
<body data-api="${api}">
<main>
  <header>
    <h1>glow</h1>
    <form id="connect">
      <input id="token" value="${token}" placeholder="mint or token" aria-label="Token" pattern="[A-Za-z0-9_\\-]{1,64}" required spellcheck="false" autocomplete="off">
      <label><input id="latest" type="checkbox"> latest only</label>
      <button>Connect</button>
    </form>
    <output id="state" data-state="idle">not connected</output>
  </header>
  <section id="now">
    <p id="price" aria-live="polite">–</p>
    <p id="detail">Enter a token to see its price in SOL.</p>
    <canvas id="chart" aria-label="Prices received since the page connected"></canvas>
  </section>
  <dl>
    <div><dt>Path</dt><dd id="path">–</dd></div>
    <div><dt>Round trip</dt><dd id="trip">–</dd></div>
    <div><dt>Age on arrival</dt><dd id="age">–</dd></div>
    <div><dt>Updates</dt><dd id="updates">0</dd></div>
    <div><dt>Gaps</dt><dd id="gaps">0</dd></div>
  </dl>
  <h2>Frames <span id="frames">0</span></h2>
  <ol id="log" aria-label="Raw frames, newest first"></ol>
</main>
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
input#token, button { font: inherit; padding: .5rem .8rem; border-radius: .6rem; border: 1px solid var(--line); background: var(--card); color: inherit; }
button { background: var(--glow); border-color: var(--glow); color: var(--page); font-weight: 600; cursor: pointer; }
label { color: var(--soft); display: flex; gap: .35rem; align-items: center; }
output { padding: .25rem .8rem; border-radius: 1rem; border: 1px solid var(--line); color: var(--soft); }
output[data-state=live] { color: var(--up); border-color: currentColor; }
output[data-state=closed] { color: var(--down); border-color: currentColor; }
section, dl > div, ol { background: var(--card); border: 1px solid var(--line); border-radius: .9rem; }
section { padding: 1.5rem; }
#price { font-size: clamp(2rem, 8vw, 3.6rem); font-weight: 650; letter-spacing: -.03em; line-height: 1.1; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
#price[data-move=up] { color: var(--up); } #price[data-move=down] { color: var(--down); }
#detail { color: var(--soft); overflow-wrap: anywhere; }
canvas { width: 100%; height: 11rem; margin-top: 1rem; display: block; color: var(--glow); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; }
dl > div { padding: .8rem 1rem; } dt { color: var(--soft); font-size: .8rem; } dd { font-weight: 600; font-variant-numeric: tabular-nums; }
ol { list-style: none; padding: .25rem 0; height: 18rem; overflow: auto; font: 12px/1.6 ui-monospace, monospace; }
li { padding: .15rem 1rem; word-break: break-all; } li + li { border-top: 1px solid var(--line); }
@media (max-width: 34rem) { form { order: 1; flex-basis: 100%; } input#token { flex-basis: 100%; } output, button { margin-left: auto; } }
`;
