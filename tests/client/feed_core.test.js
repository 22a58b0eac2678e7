import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { describe } from "node:test";

import { calls } from "../../client/src/discovery.js";
import { HOST } from "../../client/src/host.js";
import { Pass } from "../../client/src/pass.js";
import { PriceLoop } from "../../client/src/price_loop.js";
import { Refusal } from "../../client/src/refusal.js";
import { Roster } from "../../client/src/roster.js";
import { Scope } from "../../client/src/scope.js";
import { trade } from "./support.js";

const SCOPE = new Scope({ ...HOST, WebSocket: /** @type {any} */ (null) });
const contract = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(`../contract/${name}`, import.meta.url), "utf8"));

/** Numbers from 0 to 1 that are the same in each run. @param {number} seed */
function draws(seed) {
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
}

describe("roster", () => {
  test("whatever is wanted and however late the answers come, the server ends with what is wanted, and never has two commands of a token", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const draw = draws(seed);
      const roster = new Roster();
      /** @type {Map<string, string | null>} */
      const wanted = new Map();
      /** @type {Map<string, string>} */
      const server = new Map();
      /** Commands on their way: the server may take them in any order. @type {{token: string, delivery: string | null}[]} */
      const underWay = [];
      const say = () => {
        const { joining, leaving } = roster.takeDue();
        for (const token of [...joining, ...leaving]) {
          assert.ok(underWay.every((command) => command.token !== token), `two commands of ${token}, seed ${seed}`);
          underWay.push({ token, delivery: joining.includes(token) ? /** @type {string} */ (wanted.get(token)) : null });
        }
      };
      const answer = () => {
        const [{ token, delivery }] = underWay.splice(Math.floor(draw() * underWay.length), 1);
        if (delivery === null) server.delete(token);
        else server.set(token, delivery);
        roster.confirm(token, delivery !== null);
        if (draw() < 0.2) roster.confirm(token, draw() < 0.5); // an answer that comes twice
      };
      for (let step = 0; step < 60; step += 1) {
        const token = `T${Math.floor(draw() * 4)}`;
        const delivery = draw() < 0.5 ? null : draw() < 0.5 ? "all" : /** @type {const} */ ("latest");
        wanted.set(token, delivery);
        roster.want(token, delivery);
        if (draw() < 0.6) say();
        if (draw() < 0.4 && underWay.length > 0) answer();
      }
      for (say(); underWay.length > 0; say()) answer();
      assert.deepEqual(new Map([...server].sort()), new Map([...wanted].filter(([, delivery]) => delivery !== null).sort()), `seed ${seed}`);
      assert.equal(roster.size, server.size);
    }
  });

  test("a token counts until the server has let it go", () => {
    const roster = new Roster();
    roster.want("A", "all");
    roster.takeDue();
    roster.confirm("A", true);
    roster.want("A", null);
    assert.equal(roster.size, 1);
    assert.deepEqual(roster.takeDue(), { joining: [], leaving: ["A"] });
    roster.confirm("A", false);
    assert.equal(roster.size, 0);
  });
});

test("a command of 100 tokens with the longest ids fits the contract's size", () => {
  const { maxTokens } = contract("commands.json");
  const { maxCommandBytes } = contract("messages.json");
  const id = "9999999999-999999999999-zzzzzzzzzzzzzzzz";
  const subscriptions = Array.from({ length: maxTokens }, (_, index) => ({ token: String(index).padStart(64, "T"), after: id, delivery: "latest" }));
  assert.ok(JSON.stringify({ action: "subscribePrice", subscriptions }).length <= maxCommandBytes);
});

describe("discovery asks in as few requests as can be", () => {
  const asked = (/** @type {[count: number, length: number, avoid: string | null][]} */ ...groups) => {
    const questions = groups.flatMap(([count, length, avoid]) => Array.from({ length: count }, (_, index) => ({ token: String(index).padStart(length, "T"), avoid, answer() {} })));
    return calls(questions).map((call) => [call.length, call[0].avoid]);
  };
  test("up to 100 tokens", () => assert.deepEqual(asked([100, 44, null]), [[100, null]]));
  test("of 101 the last one goes alone", () => assert.deepEqual(asked([101, 44, null]), [[100, null], [1, null]]));
  test("long tokens are fewer, because API Gateway takes 10 KB", () => assert.deepEqual(asked([100, 64, null]), [[76, null], [24, null]]));
  test("those that avoid another path go apart", () => assert.deepEqual(asked([2, 3, "edge"], [1, 3, null], [1, 3, "edge"]), [[3, "edge"], [1, null]]));
});

describe("a pass", () => {
  test("is asked for once, until it is dropped", async () => {
    let count = 0;
    const pass = new Pass(() => `p${++count}`, SCOPE);
    const [first, same] = [pass.get(), pass.get()];
    assert.deepEqual([await first, await same], ["p1", "p1"]);
    pass.drop(first);
    const second = pass.get();
    pass.drop(first); // who was refused with the first one says it late
    assert.deepEqual([await second, await pass.get()], ["p2", "p2"]);
  });

  /** @type {[name: string, getToken: any, said: RegExp][]} */
  const failures = [
    ["that throws", () => { throw new Error("logged out"); }, /getToken failed: Error: logged out/],
    ["that rejects", async () => { throw new Error("logged out"); }, /getToken failed: Error: logged out/],
    ["that is no text", () => 7, /getToken must give a text/],
    ["that is empty", () => "", /getToken must give a text/],
  ];
  for (const [name, getToken, said] of failures) {
    test(`${name} is asked for again`, async () => {
      let count = 0;
      const pass = new Pass(() => (++count === 1 ? getToken() : "p2"), SCOPE);
      await assert.rejects(pass.get(), said);
      assert.equal(await pass.get(), "p2");
    });
  }
});

test("a timer of 30 days, as long as an access token may last, does not fire at once", async (t) => {
  let hasFired = false;
  t.after(HOST.setTimer(() => (hasFired = true), 30 * 24 * 3_600_000));
  await new Promise((resolve) => setTimeout(resolve, 5)); // one that is too long fires after 1 ms, so before this
  assert.ok(!hasFired);
});

describe("a loop over prices", () => {
  /** A loop, and what the feed calls. @param {"all" | "latest"} [delivery] */
  function loopOf(delivery) {
    /** @type {any} */
    let callbacks;
    const closed = { count: 0 };
    const close = () => {
      closed.count += 1;
      callbacks.onState({ state: "closed", path: null, reason: "close() was called" });
    };
    const loop = new PriceLoop((given) => ((callbacks = given), /** @type {any} */ ({ close })), delivery);
    const take = (/** @type {number[]} */ ...numbers) => numbers.forEach((n) => callbacks.onPrice(trade(n), { isLate: false }));
    return { loop, take, closed, callbacks };
  }
  const slotOf = async (/** @type {Promise<any>} */ next) => {
    const { value, done } = await next;
    return done ? "done" : [value.update.slot, value.skipped];
  };

  test("gets each price in order, those that came before it asked, too", async () => {
    const { loop, take } = loopOf();
    take(1, 2);
    const next = [loop.next(), loop.next(), loop.next()];
    take(3);
    assert.deepEqual(await Promise.all(next.map(slotOf)), [[1, 0], [2, 0], [3, 0]]);
  });

  test("that is slow has 1,000 prices waiting, and is told how many were left out", async () => {
    const { loop, take } = loopOf();
    take(...Array.from({ length: 1_005 }, (_, index) => index + 1));
    assert.deepEqual(await slotOf(loop.next()), [6, 5]);
    assert.deepEqual(await slotOf(loop.next()), [7, 0]);
  });

  test("of delivery latest has the newest waiting", async () => {
    const { loop, take } = loopOf("latest");
    take(1, 2, 3);
    assert.deepEqual(await slotOf(loop.next()), [3, 2]);
  });

  test("that is left unsubscribes, even while it waits", async () => {
    const { loop, closed } = loopOf();
    const next = loop.next();
    assert.deepEqual(await loop.return(), { done: true, value: undefined });
    assert.equal(await slotOf(next), "done");
    assert.equal(closed.count, 1);
  });

  test("whose token is refused gets what came before, then the reason, then its end", async () => {
    const { loop, take, callbacks } = loopOf();
    take(1);
    callbacks.onError(new Refusal("FORBIDDEN_TOKEN", "not for SOL"));
    callbacks.onState({ state: "closed", path: null, reason: "not for SOL" });
    assert.deepEqual(await slotOf(loop.next()), [1, 0]);
    await assert.rejects(loop.next(), { code: "FORBIDDEN_TOKEN", message: "not for SOL" });
    assert.equal(await slotOf(loop.next()), "done");
  });

  test("ends with the feed", async () => {
    const { loop, callbacks } = loopOf();
    const next = loop.next();
    callbacks.onState({ state: "closed", path: null, reason: "close() was called" });
    assert.equal(await slotOf(next), "done");
  });
});
