import assert from "node:assert/strict";
import test from "node:test";

import { sumConnections } from "../../../worker/room_counts.js";
import { LIMITS } from "../../../worker/limits.js";

const TOKENS = Array.from({ length: 3 * LIMITS.roomsAtOnce }, (_, n) => `T${n}`);
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("every room is asked once, and never more than 50 at the same time", async () => {
  /** @type {string[]} */
  const asked = [];
  let open = 0;
  let mostOpen = 0;
  const sum = await sumConnections(TOKENS, async (token) => {
    asked.push(token);
    mostOpen = Math.max(mostOpen, (open += 1));
    await nextTurn();
    open -= 1;
    return { connections: 2 };
  });
  assert.equal(sum, 2 * TOKENS.length);
  assert.deepEqual(asked, TOKENS);
  assert.equal(mostOpen, LIMITS.roomsAtOnce);
});

test("behind a room that throws the others are asked, then the error is thrown", async () => {
  let asked = 0;
  const ask = async (/** @type {string} */ token) => {
    asked += 1;
    if (token === TOKENS[0]) throw new Error("overloaded");
    return { connections: 1 };
  };
  await assert.rejects(sumConnections(TOKENS, ask), /overloaded/);
  assert.equal(asked, TOKENS.length);
});
