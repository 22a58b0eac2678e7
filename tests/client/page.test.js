import assert from "node:assert/strict";
import test, { after, describe } from "node:test";

import { startEdge } from "../worker/support/edge.js";
import { startChromium } from "./chromium.js";
import { startLiveStack } from "./live_stack.js";
import { STARTED_MS, trade, until } from "./support.js";

const chromium = await startChromium({ after });

/** Each row's texts. */
const ROWS = `return [...document.querySelectorAll("#watchlist > li")].map((row) =>
  ["token", "price", "path", "reason"].map((part) => row.querySelector("." + part).textContent))`;

/**
 * Opens the page that a Worker serves, on a stack whose edge is that Worker.
 * @param {import("node:test").TestContext} t
 * @param {string} hash of the URL
 * @param {Record<string, string>} [vars] of the Worker
 */
async function startPage(t, hash, vars = {}) {
  const stack = await startLiveStack(t);
  stack.unknown = ["NOPE"];
  const edge = await startEdge(t, { vars: { TEST_PAGE: "true", REST_API_URL: stack.url, WEBSOCKET_URL: stack.url.replace("http", "ws"), ...vars } });
  Object.assign(stack, { home: "aws", elsewhere: { edge: `${edge.url.href.replace("http", "ws")}live` } });
  await chromium.open(`${edge.url}${hash}`);
  return {
    stack,
    edge,
    run: (/** @type {string} */ script) => chromium.run(script),
    /** @param {string} id @param {RegExp} text */
    shows: (id, text) => chromium.sees(`return document.getElementById("${id}").textContent`, (seen) => text.test(seen)),
    /** @param {string[][]} rows token, price, path and reason of each; what is left out may be anything */
    hasRows: (...rows) =>
      chromium.sees(ROWS, (seen) => seen.length === rows.length && rows.every((row, index) => row.every((text, part) => seen[index][part] === text))),
  };
}

describe("the test page", () => {
  test("shows a watchlist on one socket, and each token where it is", async (t) => {
    const { stack, edge, run, shows, hasRows } = await startPage(t, "#A,B");
    await hasRows(["A", "–", "aws", ""], ["B", "–", "aws", ""]);
    stack.publish("A", 1);
    stack.publish("B", 2);
    await hasRows(["A", "1.001", "aws"], ["B", "1.002", "aws"]);
    await shows("state", /^live$/);
    await shows("sockets", /^1$/);
    await shows("updates", /^2$/);
    await shows("trip", / ms$/);
    await shows("log", /PRICE_UPDATE.*SUBSCRIBED/s);
    assert.match(await run('return document.querySelector(".age").textContent'), /^\d+ d$/); // trades of the tests are years old
    assert.equal(stack.sockets, 1);

    stack.move("A", "edge");
    await hasRows(["A", "1.001", "edge"], ["B", "1.002", "aws"]);
    await edge.broadcast("A", [{ ...trade(3), token: "A" }]);
    await hasRows(["A", "1.003", "edge"], ["B", "1.002", "aws"]);
    await shows("sockets", /^2$/);
    assert.deepEqual(await run('return [...document.querySelectorAll(".price")].map(({ dataset }) => dataset.move)'), ["up", "same"]);
  });

  test("adds and removes tokens, and its URL says which it shows", async (t) => {
    const { stack, run, shows, hasRows } = await startPage(t, "#A");
    await hasRows(["A"]);
    await run('document.getElementById("token").value = "B"; document.getElementById("add").requestSubmit()');
    await hasRows(["A"], ["B"]);
    await stack.follows("A", "B");
    assert.equal(await run("return location.hash"), "#A,B");
    await run('document.querySelector("[aria-label=\'Remove A\']").click()');
    await hasRows(["B"]);
    await stack.follows("B");
    assert.equal(await run("return location.hash"), "#B");
    await run("history.back()");
    await hasRows(["B"], ["A"]);
    await stack.follows("A", "B");
    await run("location.hash = ''");
    await hasRows();
    await shows("state", /^idle$/);
    assert.equal(stack.sockets, 1);
  });

  test("counts a late trade and goes on showing the newest; if told so, it asks for the newest only", async (t) => {
    const { stack, run, shows, hasRows } = await startPage(t, "#A");
    await stack.follows("A");
    stack.publish("A", 2);
    stack.publish("A", 1);
    await shows("updates", /^2$/);
    await hasRows(["A", "1.002", "aws"]);
    await run('document.getElementById("latest").click()');
    await shows("updates", /^3$/); // the newest is told anew
    stack.publish("A", 4);
    stack.publish("A", 3);
    stack.publish("A", 5);
    await hasRows(["A", "1.005", "aws"]);
    await shows("updates", /^5$/);
  });

  test("draws the chart of a token, live, in the interval and currency that are chosen", async (t) => {
    const { stack, run, shows } = await startPage(t, "");
    const second = Math.floor(STARTED_MS / 1_000);
    const time = second - (second % 300);
    stack.listed = [{ token: "A", change24h: 0.125 }];
    stack.candles = {
      A: [
        { time: time - 60, open: 1, high: 2, low: 1, close: 2, volume: 3, volumeSol: 4, trades: 2 },
        { time, open: 2, high: 3, low: 2, close: 3, volume: 1, volumeSol: 3, trades: 1, running: true },
      ],
      B: [{ time, open: 9, high: 9, low: 9, close: 9, trades: 1 }],
    };
    await run("location.hash = '#A,B'; location.reload()");
    const chart = (/** @type {string} */ name, /** @type {string} */ value) => chromium.sees(`return document.getElementById("chart").dataset.${name}`, (seen) => seen === value);
    await shows("charted", /^A$/);
    await chromium.sees('return document.querySelector(".change").textContent', (seen) => seen === "+12.5 %");
    await chromium.sees('return document.querySelector("polyline").getAttribute("points")', (seen) => seen?.split(" ").length === 2);
    await run('const list = document.getElementById("interval"); list.value = "1m"; list.dispatchEvent(new Event("change"))');
    await chart("close", "2"); // the trades of the running minute are read one by one, and there are none
    stack.publish("A", 1, { price: 5, side: "buy", amount: 1_500, amountSol: 7_500 });
    await chart("close", "5");
    await shows("trades", /buy1,5005 SOL7,500 SOL/);
    assert.ok(await run('return [...document.querySelectorAll("#chart canvas")].some((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width || 1, canvas.height || 1).data.some((part) => part !== 0))'), "something is drawn");

    await run('const list = document.getElementById("currency"); list.value = "usd"; list.dispatchEvent(new Event("change"))');
    await until("a chart in dollars", () => stack.charts.includes("/tokens/A/candles?interval=1m&currency=usd&limit=500"), () => stack.charts);
    await run('document.querySelectorAll(".token")[1].click()');
    await shows("charted", /^B$/);
    await chart("close", "9");
    assert.deepEqual(await run('return [...document.querySelectorAll(".token")].map((token) => token.ariaPressed)'), ["false", "true"]);
  });

  for (const [what, vars, tokens] of /** @type {const} */ ([
    ["the demo token", {}, ["DEMO_TOKEN"]],
    ["the first tokens of the stack", { TOKENS: "SOL=mintA,mintB,c,d,e,f,g,h,i" }, ["mintA", "mintB", "c", "d", "e", "f", "g", "h"]],
  ])) {
    test(`opens on ${what}`, async (t) => {
      const { hasRows } = await startPage(t, "", vars);
      await hasRows(...tokens.map((token) => [token]));
    });
  }

  for (const width of [390, 660]) { // a phone, and the narrowest window with all columns
    test(`keeps the name of a token in its row on ${width} px, however long its price is`, async (t) => {
      const mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
      const { stack, run, hasRows } = await startPage(t, `#${mint}`);
      t.after(() => chromium.widen());
      await chromium.narrow(width);
      await hasRows([mint, "–", "aws"]);

      const price = 0.00000123456789012; // as many digits as a price has
      stack.publish(mint, 1, { price });
      await hasRows([mint, `${price}`, "aws"]);

      const [needed, name, cell, row] = await run(`return [document.documentElement.scrollWidth,
        ...[".token", ".price", "#watchlist > li"].map((part) => document.querySelector(part).getBoundingClientRect().toJSON())]`);
      assert.equal(needed, width);
      assert.ok(name.width >= 90, `the name has ${name.width} px`);
      assert.ok(name.right <= cell.left && cell.right <= row.right, "they lie over each other");
    });
  }

  test("says what is wrong with a token, and shows the others", async (t) => {
    const { hasRows } = await startPage(t, "#no token,%,NOPE,A");
    const mustBe = "glow: token must be 1 to 64 of A-Z a-z 0-9 _ -; got";
    await hasRows(
      ["no token", "–", "closed", `${mustBe} no token`],
      ["%", "–", "closed", `${mustBe} %`],
      ["NOPE", "–", "closed", "NOPE is not streamed"],
      ["A", "–", "aws", ""],
    );
  });

  test("says what it lacks without REST_API_URL", async (t) => {
    const { shows } = await startPage(t, "#A", { REST_API_URL: "" });
    await shows("state", /REST_API_URL is not set/);
  });
});
