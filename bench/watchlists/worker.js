/** The Worker, and a way to post many updates at once: a request for each would cost more than what is measured. */

import worker from "../../worker/index.js";
import { roomOf } from "../../worker/rooms.js";
import { settingsOf } from "../../worker/settings.js";

export { BroadcastRoom, ClientHub } from "../../worker/index.js";

export default {
  /** @param {Request} request @param {import("../../worker/settings.js").Env} env */
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/updates") return worker.fetch(request, env);
    /** @type {import("../../worker/update.js").Update[]} */
    const updates = await request.json();
    await Promise.all(updates.map((update) => roomOf(update.token, env, settingsOf(env)).broadcast({ updates: [update], stored: true })));
    return Response.json({});
  },
};
