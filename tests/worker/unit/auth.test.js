import assert from "node:assert/strict";
import test from "node:test";

import { requireBearer } from "../../../worker/auth.js";

const SECRETS = ["the-secret-of-now", "the-secret-of-before"];

test("the previous secret is let in, and the log says so, once a minute at most", async (t) => {
  const logged = t.mock.method(console, "log", () => {});
  t.mock.timers.enable({ apis: ["Date"], now: 1_750_000_000_000 });
  const said = () => logged.mock.calls.map((call) => JSON.parse(call.arguments[0]));

  await requireBearer("Bearer the-secret-of-now", SECRETS);
  assert.deepEqual(said(), []);
  for (let posts = 0; posts < 3; posts += 1) await requireBearer("Bearer the-secret-of-before", SECRETS);
  assert.deepEqual(said(), [{ event: "previous_secret_accepted" }]);
  t.mock.timers.tick(60_000);
  await requireBearer("Bearer the-secret-of-before", SECRETS);
  assert.equal(said().length, 2);
});

test("a bearer that is none of the secrets is refused", async () => {
  for (const given of [null, "Bearer ", "Bearer the-secret-of-", "the-secret-of-now"]) {
    await assert.rejects(requireBearer(given, SECRETS), { code: "UNAUTHORIZED" });
  }
});
