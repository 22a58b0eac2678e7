import assert from "node:assert/strict";
import test, { after, describe } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { createElement } from "react";
import { renderToString } from "react-dom/server";

import { connect } from "../../client/glow.js";
import { usePrice } from "../../client/react.js";
import { startChromium } from "./chromium.js";
import { startLiveStack } from "./live_stack.js";
import { until } from "./support.js";

const chromium = await startChromium({ after });
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * An app whose tokens the test chooses by `show`. It keeps what was committed: in each commit the token, the price and the token
 * of that price, for each component.
 */
const APP = `
  import { StrictMode, startTransition, useEffect, useLayoutEffect, useState } from "react";
  import { createRoot, hydrateRoot } from "react-dom/client";
  import { connect } from "glow-client";
  import { usePrice } from "glow-client/react";

  const app = (window.app = { commits: [], errors: [], startTransition });
  window.addEventListener("error", ({ message }) => app.errors.push(message));
  console.error = (...words) => app.errors.push(words.join(" "));

  function Price({ feed, token, workMs }) {
    const { price, update, state } = usePrice(feed, token);
    for (const until = performance.now() + workMs; performance.now() < until; ); // so that React lets others in between
    return <li data-token={token} data-of={update?.token}>{String(price)} {state.state}</li>;
  }

  function List({ feed }) {
    const [{ tokens, workMs }, setShown] = useState({ tokens: [], workMs: 0 });
    app.show = (tokens, workMs = 0) => setShown({ tokens, workMs });
    useLayoutEffect(() => {
      app.commits.push([...document.querySelectorAll("li")].map(({ dataset, textContent }) => [dataset.token, dataset.of, textContent]));
    });
    return <ul>{tokens.map((token, index) => <Price key={index} feed={feed} token={token} workMs={workMs} />)}</ul>;
  }

  /** A feed that belongs to a component, as the package's README has it. */
  function Own() {
    const [feed, setFeed] = useState(null);
    useEffect(() => {
      const feed = connect({ api: location.origin });
      setFeed(feed);
      return () => feed.close();
    }, []);
    return <List feed={feed} />;
  }

  const root = document.getElementById("root");
  const feed = (app.feed = connect({ api: location.origin }));
  app.roots = {
    strict: () => (app.root = createRoot(root)).render(<StrictMode><List feed={feed} /></StrictMode>),
    own: () => (app.root = createRoot(root)).render(<StrictMode><Own /></StrictMode>),
    hydrated: () => (app.root = hydrateRoot(root, <Price feed={feed} token="A" workMs={0} />, { onRecoverableError: (error) => app.errors.push(String(error)) })),
  };`;

/** @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, loader: "jsx", resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    alias: { "glow-client": "./client" },
    define: { "process.env.NODE_ENV": '"development"' },
  });
  return outputFiles[0].text;
}

/** What a component shows that a server has rendered. */
const Shown = () => {
  const { price, state } = usePrice(SERVERS_FEED, "A");
  return createElement("li", { "data-token": "A" }, String(price), " ", state.state);
};
const SERVERS_FEED = connect({ api: "http://127.0.0.1:9", WebSocket: /** @type {any} */ (class {}) });

/**
 * Opens the app in a browser, on a stack of its own.
 * @param {import("node:test").TestContext} t
 * @param {"strict" | "own" | "hydrated"} root
 * @param {string} [html] what the server rendered
 */
async function startApp(t, root, html = "") {
  const stack = await startLiveStack(t, {
    "/": { type: "text/html", text: `<!doctype html><title>app</title><div id="root">${html}</div><script type="module" src="/app.js"></script>` },
    "/app.js": { type: "text/javascript", text: await bundled(APP) },
  });
  await chromium.open(stack.url);
  await chromium.run(`app.roots.${root}()`);
  return {
    stack,
    run: (/** @type {string} */ script) => chromium.run(script),
    /** @param {string[]} tokens */
    show: (...tokens) => chromium.sees(`if (app.show === undefined) return false; app.show(${JSON.stringify(tokens)}); return true`, (isDone) => isDone),
    /** @param {string[]} texts of its components */
    shows: (...texts) => chromium.sees('return [...document.querySelectorAll("li")].map(({ textContent }) => textContent)', (seen) => String(seen) === String(texts)),
    /** @returns {Promise<[token: string, of: string | null, text: string][][]>} */
    commits: () => chromium.run("return app.commits"),
    errors: () => chromium.run("return app.errors"),
  };
}

describe("usePrice", () => {
  test("shows each price and state of its token", async (t) => {
    const { stack, show, shows, errors } = await startApp(t, "strict");
    await show("A", "B");
    await stack.follows("A", "B");
    await shows("null live", "null live");
    stack.publish("A", 1);
    await shows("1.001 live", "null live");
    stack.publish("B", 2);
    stack.publish("A", 3);
    await shows("1.003 live", "1.002 live");
    assert.equal(stack.sockets, 1);
    assert.deepEqual(await errors(), []);
  });

  test("shows why the stack refuses a token, and the others go on", async (t) => {
    const { stack, show, shows } = await startApp(t, "strict");
    stack.unknown = ["NOPE"];
    await show("A", "NOPE");
    await stack.follows("A");
    stack.publish("A", 1);
    await shows("1.001 live", "null closed");
  });

  test("shows why the feed does not take a token, and the others go on", async (t) => {
    const { stack, run, show, shows, errors } = await startApp(t, "strict");
    await show("A", "no token", "");
    await stack.follows("A");
    await shows("null live", "null closed", "null closed");
    await show("A", "B", "");
    await stack.follows("A", "B");
    await shows("null live", "null live", "null closed");
    await run("app.feed.close()");
    await show("A", "C");
    await shows("null closed", "null closed");
    assert.deepEqual(await errors(), []);
  });

  test("is one subscription however many components show a token, and ends with the last one", async (t) => {
    const { stack, show, shows, errors } = await startApp(t, "strict"); // which mounts each component twice
    await show("A", "A", "A");
    await stack.follows("A");
    stack.publish("A", 1);
    await shows("1.001 live", "1.001 live", "1.001 live");
    assert.equal(stack.subscriptions, 1);
    await show("A", "B");
    await stack.follows("A", "B");
    await shows("1.001 live", "null live");
    await show("B");
    await stack.follows("B");
    await show();
    await stack.follows();
    assert.equal(stack.subscriptions, 2);
    assert.deepEqual(await errors(), []);
  });

  test("follows a change of the token, and never shows the price of the one before", async (t) => {
    const { stack, show, shows, commits } = await startApp(t, "strict");
    await show("A", "B");
    await stack.follows("A", "B");
    stack.publish("A", 1);
    stack.publish("B", 2);
    await shows("1.001 live", "1.002 live");
    await show("B", "C");
    await stack.follows("B", "C");
    stack.publish("C", 3);
    await shows("1.002 live", "1.003 live");
    const mixed = (await commits()).flat().filter(([token, of]) => of !== null && of !== token);
    assert.deepEqual(mixed, []);
  });

  test("shows one price in all components of a commit, even if prices come while React renders", async (t) => {
    const { stack, run, show, shows, commits } = await startApp(t, "strict");
    await show("A");
    await stack.follows("A");
    stack.publish("A", 1);
    await shows("1.001 live");
    const tokens = Array.from({ length: 40 }, () => "A");
    await run(`app.startTransition(() => app.show(${JSON.stringify(tokens)}, 10))`);
    let n = 1;
    const publishing = setInterval(() => stack.publish("A", (n += 1)), 5);
    t.after(() => clearInterval(publishing));
    await until("prices to come during the render", () => n > 100);
    clearInterval(publishing);
    await shows(...tokens.map(() => `1.${String(n).padStart(3, "0")} live`));
    const torn = (await commits()).filter((texts) => new Set(texts.map(([, , text]) => text)).size > 1);
    assert.deepEqual(torn, []);
  });

  test("waits for a feed that belongs to a component, and ends with it", async (t) => {
    const { stack, run, show, shows, errors } = await startApp(t, "own");
    await show("A");
    await stack.follows("A");
    stack.publish("A", 1);
    await shows("1.001 live");
    await run("app.root.unmount()");
    await stack.follows();
    assert.deepEqual(await errors(), []);
  });

  test("begins with what a server has rendered, which knows nothing", async (t) => {
    const html = renderToString(createElement(Shown));
    assert.match(html, />null.*connecting</);
    assert.deepEqual(SERVERS_FEED.state.state, "idle");
    const { stack, shows, errors } = await startApp(t, "hydrated", html);
    await stack.follows("A");
    stack.publish("A", 1);
    await shows("1.001 live");
    assert.deepEqual(await errors(), []);
  });
});
