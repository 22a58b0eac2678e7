/**
 * Prints the live prices of many tokens, on one socket: node examples/watchlist.mjs DEMO_TOKEN TEST_TOKEN. The variable RestApiUrl
 * names the stack.
 */

import { connect } from "../client/glow.js";

const tokens = process.argv.slice(2);
const { RestApiUrl: api = "" } = process.env;

const feed = connect({
  api,
  onState: ({ state, path, reason }) => console.error(state, path ?? "", reason ?? ""),
});

for (const token of tokens.length > 0 ? tokens : ["DEMO_TOKEN"]) {
  feed.subscribe(token, {
    onPrice: ({ price, timestamp }) => console.log(new Date(timestamp * 1_000).toISOString(), token, price, "SOL"),
    onError: ({ message }) => console.error(token, message), // the others go on
  });
}
