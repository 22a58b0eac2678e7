/**
 * The Worker in real workerd, with a table and AWS beside it, for tests in Python. It says its URL on stdout, then does each
 * command of stdin, a line of JSON, and says "done": `publish` of numbers for tokens, `crash` of the hub, `move` of a token.
 */

import { createInterface } from "node:readline";

import { startEdge } from "../worker/support/edge.js";
import { farMs } from "../worker/support/moves.js";
import { startStack } from "./stack.js";
import { TOKEN, trade } from "./support.js";

/** @type {(() => unknown)[]} */
const ends = [];
const ending = /** @type {any} */ ({ after: (/** @type {() => unknown} */ end) => ends.unshift(end) });
const edge = await startEdge(ending);
const stack = await startStack(ending, { elsewhere: { edge: edge.socketUrl(TOKEN) }, nowMs: Date.now });
stack.liveElsewhere = { edge: new URL("/live", edge.url.href.replace("http", "ws")).href };
const startedSeconds = Math.floor(Date.now() / 1_000);

/** The `n`th trade, of today, because rooms and hubs reckon with the time. @param {number} n @param {string} token */
function tradeToday(n, token) {
  const { id, ...rest } = trade(n, token);
  const timestamp = startedSeconds + n;
  return { ...rest, timestamp, id: `${timestamp}${id.slice(10)}` };
}

/** @type {Record<string, (command: any) => Promise<unknown>>} */
const commands = {
  publish: async ({ tokens, numbers }) => {
    const updatesOf = (/** @type {string} */ token) => numbers.map((/** @type {number} */ n) => tradeToday(n, token));
    stack.take(tokens.flatMap(updatesOf), ["aws"]);
    await Promise.all(tokens.map((/** @type {string} */ token) => edge.broadcast(token, updatesOf(token))));
  },
  crash: () => edge.probe("0", "crashHub"),
  move: async ({ token }) => {
    stack.homes[token] = "aws";
    await edge.command("/moves", { path: "aws", tokens: [token], url: stack.socketUrl("aws"), liveUrl: stack.liveUrl("aws"), jitterMs: 0, closeAtMs: farMs() });
  },
};

console.log(stack.url);
for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...command } = JSON.parse(line);
  await commands[does](command);
  console.log("done");
}
for (const end of ends) await end();
