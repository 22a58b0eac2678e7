import assert from "node:assert/strict";
import test from "node:test";

import { Clients } from "../../bench/clients.mjs";
import { KINDS } from "../../bench/workerd.mjs";
import { anUpdate, until } from "./support/edge.js";

for (const [kind, start] of Object.entries(KINDS)) {
  test(`a room of the benchmark delivers to its clients: ${kind}`, async (t) => {
    const { edge, workerd } = await start(0);
    const clients = new Clients(edge);
    t.after(async () => {
      await clients.terminate();
      await edge.stop();
    });
    const [client] = await clients.connect(1);
    /** @type {string[]} */
    const heard = [];
    client.onId = (id) => heard.push(id);

    for (const update of [anUpdate(1), anUpdate(2)]) await edge.broadcast("BENCH", update);

    await until("both updates", () => heard.length === 2, () => heard);
    assert.deepEqual(heard, [anUpdate(1).id, anUpdate(2).id]);
    assert.ok(workerd.memoryBytes() > 0);
  });
}
