import assert from "node:assert/strict";
import test from "node:test";

import { startStack } from "./stack.js";
import { App, idsOf, TOKEN, trade, trades } from "./support.js";

const PATHS = /** @type {const} */ (["aws", "edge"]);

for (const path of PATHS) {
  test(`${path}: each trade is handed over once and in order, alone or in a batch`, async (t) => {
    const stack = await startStack(t, { home: path });
    const app = new App(t, stack);
    await stack.serves(path);
    stack.publish(1);
    stack.publish([2, 3, 4]);
    stack.publish(4);
    stack.publish(5);
    await app.has(5);
    assert.deepEqual(app.updates, trades(1, 6));
    assert.deepEqual(app.states.map(({ state, path: of }) => [state, of]), [["connecting", null], ["connecting", path], ["live", path]]);
  });

  test(`${path}: a lost connection goes on after the last id`, async (t) => {
    const stack = await startStack(t, { home: path });
    const app = new App(t, stack);
    await stack.serves(path);
    stack.publish([1, 2]);
    await app.has(2);
    stack.drop(path);
    stack.publish([3, 4]);
    const peer = await stack.serves(path, 2);
    stack.publish(5);
    await app.has(5);
    assert.equal(peer.after, trade(2).id);
    assert.deepEqual(app.updates, trades(1, 6));
    assert.ok(app.states.some(({ state }) => state === "waiting"));
  });

  test(`${path}: what a quiet token's lost connection missed is not missing either`, async (t) => {
    const stack = await startStack(t, { home: path });
    const app = new App(t, stack);
    await app.is("live");
    stack.drop(path);
    for (const n of [1, 2, 3]) stack.publish(n);
    await app.has(3);
    assert.deepEqual(app.updates, trades(1, 4));
  });

  test(`${path}: a gap is filled by REST, page by page, and nothing is shown twice`, async (t) => {
    const stack = await startStack(t, { home: path, pricesFail: 1 });
    const app = new App(t, stack);
    await stack.serves(path);
    stack.publish([1, 2]);
    await app.has(2);
    stack.gaps = [path];
    stack.drop(path);
    stack.publish([3, 4, 5, 6, 7, 8, 9], []);
    await stack.serves(path, 2);
    stack.publish([9, 10]);
    await app.has(10);
    assert.deepEqual(app.updates, trades(1, 11));
    assert.deepEqual(app.late, []);
    assert.ok(stack.requests.some((url) => url.startsWith(`/tokens/${TOKEN}/prices?after=1699999942-000000000000-0`)), `${stack.requests}`);
  });

  test(`${path}: delivery "latest" asks for it, and only rises`, async (t) => {
    const stack = await startStack(t, { home: path });
    const app = new App(t, stack, { delivery: "latest" });
    const peer = await stack.serves(path);
    for (const n of [2, 1, 3]) stack.publish(n);
    await app.has(2);
    assert.equal(peer.served.get(TOKEN), "latest");
    assert.deepEqual(app.updates, [trade(2), trade(3)]);
  });
}

test("a client that comes later begins with the newest price", async (t) => {
  const stack = await startStack(t);
  stack.publish([1, 2]);
  const app = new App(t, stack);
  await app.has(1);
  assert.deepEqual(app.updates, [trade(2)]);
});

test("a late trade is flagged", async (t) => {
  const stack = await startStack(t);
  const app = new App(t, stack);
  await stack.serves("edge");
  for (const n of [2, 1, 3]) stack.publish(n);
  await app.has(3);
  assert.deepEqual(idsOf(app.updates), idsOf([trade(2), trade(1), trade(3)]));
  assert.deepEqual(app.late, [trade(1)]);
});

test("what arrives while a gap is filled waits for what fills it", async (t) => {
  let answer = () => {};
  const stack = await startStack(t, { pricesReady: new Promise((resolve) => (answer = () => resolve())) });
  const app = new App(t, stack);
  await stack.serves("edge");
  stack.publish(1);
  await app.has(1);
  stack.gaps = ["edge"];
  stack.drop("edge");
  stack.publish([2, 3], []);
  await stack.serves("edge", 2);
  stack.publish(4);
  answer();
  await app.has(4);
  assert.deepEqual([app.updates, app.late], [trades(1, 5), []]);
});

test('a gap under delivery "latest" takes one request: for the newest price', async (t) => {
  const stack = await startStack(t, { home: "edge" });
  const app = new App(t, stack, { delivery: "latest" });
  const peer = await stack.serves("edge");
  stack.publish(1);
  await app.has(1);
  stack.publish([2, 3], []);
  peer.say({ type: "GAP", after: trade(1).id, until: null });
  await app.has(2);
  assert.deepEqual(app.updates, [trade(1), trade(3)]);
  assert.deepEqual(stack.requests.slice(1), [`/tokens/${TOKEN}/price`]);
});

test("the region is told", async (t) => {
  const stack = await startStack(t);
  const app = new App(t, stack, { region: "eu-west-1" });
  await app.is("live");
  assert.deepEqual(stack.requests, [`/connect/${TOKEN}?region=eu-west-1`]);
});
