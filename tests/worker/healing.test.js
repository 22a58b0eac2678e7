/** A room reads from the table what it has lost or missed, so that its clients need not. */

import assert from "node:assert/strict";
import test, { after, beforeEach, describe } from "node:test";

import { LIMITS } from "../../worker/limits.js";
import { anUpdate, PREVIOUS_SECRET, SECRET, startEdge, story, until, updatesFrom } from "./support/edge.js";
import { heardBy, moveAway, moveHere, pastMs } from "./support/moves.js";

const edge = await startEdge({ after }, { vars: { WINDOW_MS: "0", WEBHOOK_SECRET_PREVIOUS: PREVIOUS_SECRET } });
const { rest } = edge;

/** @param {number} n */
const idOf = (n) => anUpdate(n).id;
/** @param {number} from @param {number} to not included */
const idsFrom = (from, to) => updatesFrom(from, to).map(({ id }) => id);

beforeEach(() => {
  rest.status = 200;
  rest.secrets = null;
});

/**
 * A room that was reset with updates 0 and 1 saved, and those up to `to` sent but lost. All are in the table.
 * @param {string} token
 * @param {number} to
 */
async function aResetRoom(token, to) {
  await edge.broadcast(token, updatesFrom(0, 2));
  await edge.broadcast(token, updatesFrom(2, to));
  await edge.probe(token, "crash");
  rest.prices.set(token, updatesFrom(0, to));
}

describe("a room that was reset", () => {
  test("answers every cursor from before without a gap, and greets with the newest", async () => {
    await aResetRoom("RESET", 6);
    assert.deepEqual(story(await heardBy(edge, "RESET", `?after=${idOf(1)}`, 1)), idsFrom(2, 6));
    assert.deepEqual(story(await heardBy(edge, "RESET", `?after=${idOf(0)}`, 1)), idsFrom(1, 6));
    assert.deepEqual(story(await heardBy(edge, "RESET", "", 1)), [idOf(5)]);
    assert.equal(rest.requestsFor("RESET").length, 1);
  });

  test("brings back all that was said of a price: dollars, a quote, what was paid in", async () => {
    const whole = [{ priceUsd: 73.74 }, { priceUsd: 73.75, source: "jupiter" }, { priceUsd: 73.76, via: "usdc" }];
    const updates = updatesFrom(0, whole.length).map((update, n) => ({ ...update, token: "WHOLE", ...whole[n] }));
    await edge.broadcast("WHOLE", updates.slice(0, 1));
    await edge.broadcast("WHOLE", updates.slice(1));
    await edge.probe("WHOLE", "crash");
    rest.prices.set("WHOLE", updates);
    const client = await edge.connect("WHOLE", { query: `?after=${idOf(0)}` });
    await client.hasUpdates(2);
    assert.deepEqual(client.updates.map(({ priceUsd, source, via }) => ({ priceUsd, source, via })), [
      { priceUsd: 73.75, source: "jupiter", via: undefined },
      { priceUsd: 73.76, source: undefined, via: "usdc" },
    ]);
  });

  test("remembers the ids that it has read: a publisher's retry is not sent again", async () => {
    await aResetRoom("RETRY", 4);
    const client = await edge.connect("RETRY", { query: `?after=${idOf(1)}` });
    await client.hasUpdates(2);
    await edge.broadcast("RETRY", updatesFrom(2, 5));
    await client.settle();
    assert.deepEqual(client.updates.map(({ id }) => id), idsFrom(2, 5));
  });

  test("answers a cursor of the stretch that it has read with the whole stretch, also after the next reset", async () => {
    await aResetRoom("STRETCH", 6);
    // Whoever has 4 may lack 2 and 3: nobody knows in which order they had been sent.
    const assertWhole = async () => assert.deepEqual(story(await heardBy(edge, "STRETCH", `?after=${idOf(4)}`, 1)), [2, 3, 5].map(idOf));
    await assertWhole();
    await edge.probe("STRETCH", "crash");
    await assertWhole();
    assert.equal(rest.requestsFor("STRETCH").length, 1, "what was read is saved");
  });

  test("tells a gap where more is missing than one read brings", async () => {
    const last = 3 + LIMITS.replayUpdates + 100;
    await aResetRoom("FAR", 3);
    rest.prices.set("FAR", updatesFrom(0, last));
    const [gap, ...heard] = story(await heardBy(edge, "FAR", `?after=${idOf(1)}`, 1));
    assert.deepEqual(gap, { after: idOf(1), until: heard[0] });
    assert.deepEqual(heard, idsFrom(last - LIMITS.replayUpdates, last));
    assert.deepEqual(story(await heardBy(edge, "FAR", "", 1)), [idOf(last - 1)]);
  });

  test("reads once, however many clients come back", async () => {
    await aResetRoom("CROWD", 6);
    rest.hold();
    const clients = await Promise.all(Array.from({ length: 300 }, () => edge.connect("CROWD", { query: `?after=${idOf(1)}` })));
    rest.letGo();
    await Promise.all(clients.map((client) => client.hasUpdates(4)));
    for (const client of clients) assert.deepEqual(story(client.received), idsFrom(2, 6));
    assert.equal(rest.requestsFor("CROWD").length, 1);
  });
});

describe("while a room reads", () => {
  test("posts are answered and held, greetings wait; then everybody hears all of it, in order", async () => {
    await aResetRoom("HELD", 5);
    rest.hold();
    const [back, fresh] = [await edge.connect("HELD", { query: `?after=${idOf(1)}` }), await edge.connect("HELD")];
    assert.deepEqual(await edge.broadcast("HELD", updatesFrom(5, 7)), { success: true, connections: 2 });
    await until("the read", () => rest.requestsFor("HELD").length === 1);
    assert.deepEqual([...story(await back.settle()), ...story(await fresh.settle())], []);
    rest.letGo();
    await back.hasUpdates(5);
    await fresh.hasUpdates(1);
    assert.deepEqual(story(await back.settle()), idsFrom(2, 7));
    assert.deepEqual(story(await fresh.settle()), [idOf(6)]);
  });

  test("what is saved meanwhile keeps its place, so that no later cursor misses anything", async () => {
    await aResetRoom("PLACE", 4);
    rest.hold();
    const client = await edge.connect("PLACE");
    await edge.postTo("/broadcast/PLACE", anUpdate(8)); // by hand, so it is saved at once
    await edge.broadcast("PLACE", anUpdate(9));
    rest.letGo();
    await client.hasUpdates(1);
    const replay = story(await heardBy(edge, "PLACE", `?after=${idOf(1)}`, 1));
    await edge.probe("PLACE", "crash");
    assert.deepEqual(story(await heardBy(edge, "PLACE", `?after=${idOf(1)}`, 1)), replay);
    assert.deepEqual([...replay].sort(), [2, 3, 8, 9].map(idOf));
  });
});

describe("where the table cannot be read", () => {
  test("a new client hears that the newest is unknown, a cursor that updates are missing", async () => {
    await aResetRoom("BROKEN", 5);
    rest.status = 503;
    assert.deepEqual(await heardBy(edge, "BROKEN", "", 1), [{ type: "GAP", token: "BROKEN", after: null, until: null }]);
    assert.deepEqual(story(await heardBy(edge, "BROKEN", `?after=${idOf(0)}`, 1)), [idOf(1), { after: idOf(1), until: null }]);
    assert.deepEqual(await heardBy(edge, "BROKEN", "?delivery=latest", 1), [{ type: "GAP", token: "BROKEN", after: null, until: null }]);
  });

  test("the next trade is the newest, and the gap is known", async () => {
    await aResetRoom("NEXT", 5);
    rest.status = 503;
    const client = await edge.connect("NEXT");
    await client.next("GAP");
    await edge.broadcast("NEXT", anUpdate(7));
    await client.hasUpdates(1);
    assert.deepEqual(story(await heardBy(edge, "NEXT", "", 1)), [idOf(7)]);
    assert.deepEqual(story(await heardBy(edge, "NEXT", `?after=${idOf(1)}`, 1)), [{ after: idOf(1), until: idOf(7) }, idOf(7)]);
  });

  test("the room tries again, and later", async () => {
    await aResetRoom("AGAIN", 5);
    rest.status = 503;
    await heardBy(edge, "AGAIN", "", 1);
    await heardBy(edge, "AGAIN", "", 1);
    assert.equal(rest.requestsFor("AGAIN").length, 1);
    rest.status = 200;
    await until("the newest", async () => story(await heardBy(edge, "AGAIN", "", 1))[0] === idOf(4));
  });

  test("a redirect is not followed", async () => {
    await aResetRoom("REDIRECT", 3);
    rest.status = 302;
    assert.deepEqual(story(await heardBy(edge, "REDIRECT", "", 1)), [{ after: null, until: null }]);
    assert.equal(rest.requestsFor("REDIRECT").length, 1);
  });
});

test("a 401 tries the previous secret", async () => {
  await aResetRoom("ROTATE", 3);
  rest.secrets = [PREVIOUS_SECRET];
  assert.deepEqual(story(await heardBy(edge, "ROTATE", "", 1)), [idOf(2)]);
  assert.deepEqual(rest.requestsFor("ROTATE").map(({ bearer }) => bearer), [SECRET, PREVIOUS_SECRET]);
});

describe("what a read would not bring back is saved before the answer", () => {
  test("what is posted by hand", async () => {
    await edge.broadcast("HAND", anUpdate(1));
    for (const n of [2, 3]) assert.equal((await edge.post("HAND", anUpdate(n))).status, 200);
    await edge.probe("HAND", "crash");
    assert.deepEqual(story(await heardBy(edge, "HAND", `?after=${idOf(1)}`, 1)), idsFrom(2, 4));
    assert.equal(rest.requestsFor("HAND").length, 0);
  });

  test("a trade that is more than a minute late", async () => {
    await edge.broadcast("LATE", anUpdate(LIMITS.lateSeconds + 10));
    await edge.broadcast("LATE", anUpdate(1));
    await edge.probe("LATE", "crash");
    assert.deepEqual(story(await heardBy(edge, "LATE", `?after=${idOf(LIMITS.lateSeconds + 10)}`, 1)), [idOf(1)]);
  });
});

describe("a room that nobody has posted to", () => {
  test("greets with the price of the table, and stores nothing", async () => {
    rest.prices.set("TABLE", updatesFrom(0, 3));
    assert.deepEqual(await heardBy(edge, "TABLE", "", 1), [anUpdate(2, { token: "TABLE" })]);
    assert.deepEqual(story(await heardBy(edge, "TABLE", `?after=${idOf(0)}`, 1)), idsFrom(1, 3));
    assert.equal(rest.requestsFor("TABLE").length, 1);
    assert.deepEqual(await edge.probe("TABLE", "stored"), { hasAlarm: false, hasUnsaved: null, chunks: 0 });
  });

  test("keeps what it has read once it is posted to", async () => {
    rest.prices.set("FIRST", updatesFrom(0, 3));
    await heardBy(edge, "FIRST", "", 1);
    await edge.broadcast("FIRST", anUpdate(5));
    await edge.probe("FIRST", "crash");
    assert.deepEqual(story(await heardBy(edge, "FIRST", `?after=${idOf(0)}`, 1)), [1, 2, 5].map(idOf));
  });

  test("says nothing where the table has no price, and that it knows nothing where the table cannot be read", async () => {
    const client = await edge.connect("NO_PRICE");
    await until("the read", () => rest.requestsFor("NO_PRICE").length === 1);
    await edge.broadcast("NO_PRICE", anUpdate(1));
    await client.hasUpdates(1);
    assert.deepEqual(story(client.received), [idOf(1)]);
    rest.status = 500;
    assert.deepEqual(await heardBy(edge, "NO_TABLE", "", 1), [{ type: "GAP", token: "NO_TABLE", after: null, until: null }]);
  });
});

describe("a room that a move calls back", () => {
  /** @param {string} token */
  async function moveBack(token) {
    const closeAtMs = pastMs();
    await moveAway(edge, token, { closeAtMs });
    return moveHere(edge, token, closeAtMs);
  }

  test("greets with the price of now, and has what was traded meanwhile", async () => {
    await edge.broadcast("BACK", updatesFrom(0, 3));
    rest.prices.set("BACK", updatesFrom(0, 6));
    await moveBack("BACK");
    assert.deepEqual(story(await heardBy(edge, "BACK", "", 1)), [idOf(5)]);
    assert.deepEqual(story(await heardBy(edge, "BACK", `?after=${idOf(1)}`, 1)), idsFrom(2, 6));
  });

  test("tells those who had stayed", async () => {
    const client = await edge.connect("STAYED");
    await edge.broadcast("STAYED", updatesFrom(0, 3));
    await client.hasUpdates(3);
    rest.prices.set("STAYED", updatesFrom(0, 6));
    await moveHere(edge, "STAYED", Date.now());
    await client.hasUpdates(6);
    assert.deepEqual(story(await client.settle()), idsFrom(0, 6));
  });

  test("reads again if it was away and back while it read", async () => {
    await edge.broadcast("TWICE", updatesFrom(0, 3));
    rest.prices.set("TWICE", updatesFrom(0, 5));
    rest.hold();
    await moveBack("TWICE");
    await until("the first read", () => rest.requestsFor("TWICE").length === 1);
    rest.prices.set("TWICE", updatesFrom(0, 7));
    await moveBack("TWICE");
    rest.letGo();
    assert.deepEqual(story(await heardBy(edge, "TWICE", "", 1)), [idOf(6)]);
  });

  test("knows it after a crash in the middle of the read", async () => {
    await edge.broadcast("MIDDLE", updatesFrom(0, 3));
    rest.prices.set("MIDDLE", updatesFrom(0, 6));
    rest.hold();
    await moveBack("MIDDLE");
    await edge.probe("MIDDLE", "crash");
    rest.letGo();
    assert.deepEqual(story(await heardBy(edge, "MIDDLE", "", 1)), [idOf(5)]);
  });

  test("tells those who wait in a room that was never posted to", async () => {
    const client = await edge.connect("WAITING");
    rest.prices.set("WAITING", updatesFrom(0, 2));
    await moveHere(edge, "WAITING", Date.now());
    await client.hasUpdates(2);
    assert.deepEqual(await edge.probe("WAITING", "stored"), { hasAlarm: false, hasUnsaved: null, chunks: 0 });
  });
});
