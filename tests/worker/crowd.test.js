import assert from "node:assert/strict";
import test, { after } from "node:test";

import { anUpdate, startEdge, until } from "./support/edge.js";

const CROWD = 5_000;
const CONNECTING_AT_ONCE = 100;
const DEADLINE_MS = 60_000;

const edge = await startEdge({ after }, { vars: { MAX_CONNECTIONS_PER_ROOM: String(2 * CROWD) } });

test("every one of 5,000 clients hears an update once", async () => {
  /** @type {Awaited<ReturnType<typeof edge.connect>>[]} */
  const clients = [];
  while (clients.length < CROWD) {
    clients.push(...(await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, () => edge.connect("CROWD")))));
  }

  assert.deepEqual(await edge.broadcast("CROWD", anUpdate(1)), { success: true, connections: CROWD });

  const countHeard = () => clients.filter(({ received }) => received.length > 1).length;
  await until("every client", () => countHeard() === CROWD, countHeard, DEADLINE_MS);
  assert.ok(clients.every(({ received }) => received.length === 2 && received[1].id === anUpdate(1).id));
});
