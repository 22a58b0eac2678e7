/**
 * Measures clients that follow 20 of 100 tokens each, on this machine: `node bench/watchlists.mjs [name of a server …]`.
 *
 * All servers get the same posts. Only the server's process is counted: its clients run in another one.
 */

import { median, row, shown } from "./figures.mjs";
import { measureWatchlists } from "./watchlists/measure.mjs";
import { SERVERS } from "./watchlists/servers.mjs";

const ROUNDS = 3;
const SOCKETS = "a socket a token";
/** workerd opens two files for each socket; a process of this machine may have 20,000. */
const MOST_CLIENTS_OF_SOCKETS = 400;

/** Prints the medians of each server. @param {number} clients @param {number} updatesPerSecond of each token @param {number} everyMs what is due is posted */
async function compare(clients, updatesPerSecond, everyMs) {
  const compared = servers.filter(([name]) => clients <= MOST_CLIENTS_OF_SOCKETS || name !== SOCKETS);
  /** @type {Map<string, Record<string, number>[]>} */
  const measured = new Map(compared.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, start] of compared) {
      const server = await start();
      try {
        measured.get(name)?.push(await measureWatchlists(server, clients, updatesPerSecond, everyMs));
      } finally {
        await server.stop();
      }
    }
  }
  const [first] = [...measured.values()];
  row(`${clients} clients x 20 tokens, ${updatesPerSecond}/s each, a post every ${everyMs} ms`, ...Object.keys(first[0]));
  row("---", ...Object.keys(first[0]).map(() => "---"));
  for (const [name, rounds] of measured) row(name, ...Object.keys(rounds[0]).map((figure) => shown(median(rounds.map((round) => round[figure])))));
  console.log();
}

const wanted = process.argv.slice(2);
const servers = Object.entries(SERVERS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
for (const clients of [200, 1_000]) {
  for (const updatesPerSecond of [1, 10]) await compare(clients, updatesPerSecond, 20);
}
await compare(200, 1, 200); // as a webhook brings them: several trades in a body
