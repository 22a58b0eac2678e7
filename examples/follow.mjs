/** Prints the live prices of a token: node examples/follow.mjs DEMO_TOKEN. The variable RestApiUrl names the stack. */

import { subscribe } from "../client/glow.js";

const [token = "DEMO_TOKEN"] = process.argv.slice(2);
const { RestApiUrl: api = "" } = process.env;

subscribe(token, {
  api,
  onPrice: ({ price, timestamp }) => console.log(new Date(timestamp * 1_000).toISOString(), price, "SOL"),
  onState: ({ state, path, reason }) => console.error(state, path ?? "", reason ?? ""),
});
