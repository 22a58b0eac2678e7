/** Asking many rooms at once. */

import { LIMITS } from "./limits.js";

/**
 * The sum of what the rooms of `tokens` count. Every room is asked, also behind one that throws: those that can answer
 * are not kept waiting for the next try. Then the first error is thrown.
 * @param {readonly string[]} tokens
 * @param {(token: string) => Promise<{connections: number}>} ask
 */
export async function sumConnections(tokens, ask) {
  let sum = 0;
  /** @type {unknown[]} */
  const errors = [];
  const waiting = tokens.values(); // shared: each asker takes the next one
  const askInTurn = async () => {
    for (const token of waiting) {
      try {
        const { connections } = await ask(token); // not within the sum, which would be read before the wait
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
