/**
 * Measures clients that follow 20 of 100 tokens each, on this machine: `node bench/watchlists.mjs [name of a server …]`.
 *
 * All servers get the same posts. Only the server's process is counted: its clients run in another one.
 */

import { median, row, shown } from "./figures.mjs";
import { measureWatchlists } from "./watchlists/measure.mjs";
import { SERVERS } from "./watchlists/servers.mjs";

const ROUNDS = 3;

/** Prints the medians of each server. @param {number} clients @param {number} updatesPerSecond of each token */
async function compare(clients, updatesPerSecond) {
  /** @type {Map<string, Record<string, number>[]>} */
  const measured = new Map(servers.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, start] of servers) {
      const server = await start();
      try {
        measured.get(name)?.push(await measureWatchlists(server, clients, updatesPerSecond));
      } finally {
        await server.stop();
      }
    }
  }
  const [first] = [...measured.values()];
  row(`${clients} clients x 20 tokens, ${updatesPerSecond}/s each`, ...Object.keys(first[0]));
  row("---", ...Object.keys(first[0]).map(() => "---"));
  for (const [name, rounds] of measured) row(name, ...Object.keys(rounds[0]).map((figure) => shown(median(rounds.map((round) => round[figure])))));
  console.log();
}

const wanted = process.argv.slice(2);
const servers = Object.entries(SERVERS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
for (const clients of [200, 1_000]) {
  for (const updatesPerSecond of [1, 10]) await compare(clients, updatesPerSecond);
}
