/** Adds up the connections of many rooms. */

import { LIMITS } from "./limits.js";

/**
 * The sum of the connections that the rooms of `tokens` answer. If a room throws, the others are still asked, so that an
 * order reaches every room that can take it now. Then the first error is thrown.
 * @param {readonly string[]} tokens
 * @param {(token: string) => Promise<{connections: number}>} ask
 */
export async function sumConnections(tokens, ask) {
  let sum = 0;
  /** @type {unknown[]} */
  const errors = [];
  const waiting = tokens.values(); // shared: each loop below takes the next token
  const askInTurn = async () => {
    for (const token of waiting) {
      try {
        const { connections } = await ask(token); // `sum += await …` would read `sum` before the wait
        sum += connections;
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: LIMITS.roomsAtOnce }, askInTurn));
  if (errors.length > 0) throw errors[0];
  return sum;
}
