/** Tests of hubs that must wait for real time: rooms hibernate after 10 idle seconds, links are pinged every 20 s. */

import assert from "node:assert/strict";
import test, { describe } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, startEdge, until, updatesFrom } from "./support/edge.js";
import { follow, hears, idsOf, isServed, ofType, subscribeTo } from "./support/live.js";

const IDLE_MS = 10_000; // facts/cloudflare.md §4
const SLACK_MS = 30_000; // for a machine with much else to do

describe("patience", { concurrency: true }, () => {
  test("a room with only a hub hibernates, its pings do not wake it, and it goes on", async (t) => {
    const own = await startEdge(t);
    const client = await follow(own, ["SLEEP"]);
    await own.broadcast("SLEEP", anUpdate(1));
    await client.hasUpdates(1);
    const wakes = await own.probe("", "wakes");
    await new Promise((resolve) => setTimeout(resolve, LIMITS.linkPingMs + IDLE_MS + 2_000)); // polling would keep it awake
    assert.equal(await own.probe("", "wakes"), wakes, "a ping does not wake the room");
    assert.equal((await own.broadcast("SLEEP", anUpdate(2))).connections, 1);
    assert.equal(await own.probe("", "wakes"), wakes + 1, "the room had hibernated");
    await client.hasUpdates(2);
    assert.deepEqual(await own.probe("", "opens"), { tokens: ["SLEEP"], now: 0, most: 1 });
    assert.equal(await own.probe("", "hubWakes"), 1, "the hub with its client stays");
  });

  test("a hub that the last client has left is evicted, and another one serves whoever comes", async (t) => {
    const own = await startEdge(t);
    const first = await follow(own, ["EMPTY"]);
    await own.broadcast("EMPTY", anUpdate(1));
    await first.hasUpdates(1);
    await first.close();
    const isAnother = async () => {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS + 2_000)); // each look keeps it for another while
      const look = await own.connectLive();
      await look.close();
      return (await own.probe("", "hubWakes")) > 1;
    };
    await until("an eviction", isAnother);
    const later = await follow(own, [{ token: "EMPTY", after: anUpdate(1).id }]);
    await own.broadcast("EMPTY", anUpdate(2));
    await later.hasUpdates(1);
    assert.deepEqual(idsOf(later, "EMPTY"), [anUpdate(2).id]);
  });

  test("a link that is half open is opened again, and brings what was lost meanwhile", async (t) => {
    const own = await startEdge(t);
    const client = await follow(own, ["MUTE"]);
    await own.broadcast("MUTE", anUpdate(1));
    await client.hasUpdates(1);
    await own.probe("MUTE", "halfOpen");
    await own.broadcast("MUTE", updatesFrom(2, 4));
    await client.settle();
    assert.deepEqual(idsOf(client, "MUTE"), [anUpdate(1).id], "the hub hears nothing of the room");
    const opens = async () => (await own.probe("", "opens")).tokens.length;
    await until("another link", async () => (await opens()) >= 2, () => "", LIMITS.linkPingMs + LIMITS.linkPongMs + SLACK_MS);
    await own.broadcast("MUTE", anUpdate(4));
    await client.hasUpdates(4);
    assert.deepEqual(idsOf(client, "MUTE"), updatesFrom(1, 5).map(({ id }) => id));
    assert.deepEqual(ofType(client.received, "GAP"), []);
  });

  test("followers of a room that cannot be opened are told, the other tokens go on, and it can be asked for again", async (t) => {
    const own = await startEdge(t);
    const client = await follow(own, ["LOST", "WELL"]);
    await own.probe("", "doors", { refuses: ["LOST", "NEVER"] });
    await own.probe("LOST", "crash");
    client.send(subscribeTo(["NEVER"]));
    const late = await own.connectLive();
    late.send(subscribeTo(["LOST"]));
    await own.broadcast("WELL", anUpdate(1));
    await client.hasUpdates(1);
    const told = await until("both errors", () => {
      const errors = client.received.filter(({ type }) => type === "ERROR");
      return errors.length === 2 && errors;
    }, () => client.received.slice(-2), LIMITS.linkDownMs + SLACK_MS);
    assert.deepEqual(told.map(({ code, token }) => [code, token]).sort(), [["UNAVAILABLE", "LOST"], ["UNAVAILABLE", "NEVER"]]);
    const [{ token }] = await hears(late, "ERROR");
    assert.equal(token, "LOST");
    assert.deepEqual((await late.settle()).map(({ type }) => type), ["connected", "ERROR"], "nobody is greeted from memory");

    await own.probe("", "doors", { refuses: [] });
    client.send(subscribeTo(["LOST"]));
    await isServed(client, 3);
    await own.broadcast("LOST", anUpdate(2));
    await client.hasUpdates(2);
  });

  test("a room knows how many clients its hubs have", async (t) => {
    const own = await startEdge(t);
    const clients = [];
    for (const _ of [1, 2, 3]) clients.push(await follow(own, ["COUNT"]));
    const counted = async (/** @type {number} */ count) =>
      until(`${count} connections`, async () => (await own.command("/census", { tokens: ["COUNT"] })).connections === count, () => "", LIMITS.reportMs + SLACK_MS);
    await counted(3);
    await clients[0].close();
    await counted(2);
    const alone = await own.connect("COUNT");
    await counted(3);
    for (const each of [alone, clients[1], clients[2]]) await each.close();
    await counted(0);
  });

});
