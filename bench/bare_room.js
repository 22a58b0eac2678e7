/**
 * A room without features. It shows what the runtime itself costs, because it is measured beside ours, on the same machine
 * at the same time.
 */

import { DurableObject } from "cloudflare:workers";

/** @extends {DurableObject<{WINDOW_MS: number}>} */
export class BareRoom extends DurableObject {
  /** @type {object[]} */
  #queue = [];
  #windowIsOpen = false;
  #connections = 0;

  /** Sends a frame every WINDOW_MS while there are updates. @param {object[]} updates */
  broadcast(updates) {
    this.#queue.push(...updates);
    if (!this.#windowIsOpen) this.#send();
    return { connections: this.#connections };
  }

  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.send("connected");
    this.#connections += 1;
    return new Response(null, { status: 101, webSocket: client });
  }

  /** @param {WebSocket} socket */
  webSocketClose(socket) {
    socket.close();
    this.#connections -= 1;
  }

  #send() {
    const updates = this.#queue.splice(0);
    this.#windowIsOpen = this.env.WINDOW_MS > 0 && updates.length > 0;
    if (this.#windowIsOpen) setTimeout(() => this.#send(), this.env.WINDOW_MS);
    if (updates.length === 0) return;
    const frame = JSON.stringify(updates);
    for (const socket of this.ctx.getWebSockets()) socket.send(frame);
  }
}

export default {
  /**
   * @param {Request} request
   * @param {{ROOM: DurableObjectNamespace<BareRoom>}} env
   */
  async fetch(request, { ROOM }) {
    const room = ROOM.getByName("bench");
    if (request.method === "GET") return room.fetch(request);
    const posted = await request.json();
    return Response.json(await room.broadcast([posted].flat()));
  },
};
