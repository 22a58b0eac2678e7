/** The watchlist bench's other server in Node: socket.io, one of its rooms for each token. It prints its port. */

import { once } from "node:events";
import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer(async (request, response) => {
  if (request.url !== "/updates") return; // socket.io answers it
  let text = "";
  for await (const chunk of request) text += chunk;
  for (const update of JSON.parse(text)) sockets.to(update.token).emit("update", update);
  response.end("{}");
});
const sockets = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 600_000 });
sockets.on("connection", (socket) => {
  socket.on("subscribe", (/** @type {string[]} */ tokens, /** @type {() => void} */ answer) => {
    socket.join(tokens);
    answer();
  });
});
http.listen(0, "127.0.0.1");
await once(http, "listening");
console.log(/** @type {import("node:net").AddressInfo} */ (http.address()).port);
