/**
 * The local Cloudflare: `node local/cloudflare/server.mjs --root DIR --api-port N --worker-port N`.
 *
 * One port answers the v4 API, the other serves the deployed Workers. Port 0 takes a free one. When both ports
 * answer, it prints one line of JSON (the ready line). SIGTERM ends it. All data is under the root folder.
 */

import { once } from "node:events";
import { parseArgs } from "node:util";

import { ACCOUNT } from "./account.mjs";
import { Cloud } from "./cloud.mjs";
import { BASE, authorise, endpointsOf } from "./endpoints.mjs";
import { createApi } from "./http.mjs";

const HOST = "127.0.0.1";

const { values } = parseArgs({
  options: {
    root: { type: "string" },
    "api-port": { type: "string", default: "0" },
    "worker-port": { type: "string", default: "0" },
  },
});
if (values.root === undefined) throw new Error("--root DIR is missing: the folder that keeps workers and objects");

const cloud = await Cloud.open(values.root, Number(values["worker-port"]));
const api = createApi({ base: BASE, token: ACCOUNT.apiToken, authorise, endpoints: endpointsOf(cloud) });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.removeAllListeners(signal); // miniflare's own listeners exit at once, with 143
  process.once(signal, stop);
}
api.listen(Number(values["api-port"]), HOST);
await once(api, "listening");

const { port } = /** @type {import("node:net").AddressInfo} */ (api.address());
cloud.tails.origin = `ws://${HOST}:${port}`;
api.on("upgrade", (request, socket, head) => cloud.tails.upgrade(request, socket, head));
const ready = {
  api: `http://${HOST}:${port}${BASE}`,
  worker: `http://${HOST}:${cloud.workerPort}`,
  account: ACCOUNT,
};
process.stdout.write(`${JSON.stringify(ready)}\n`);

async function stop() {
  api.close();
  api.closeAllConnections();
  await cloud.close();
  process.exit(0);
}
