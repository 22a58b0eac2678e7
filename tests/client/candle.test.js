import assert from "node:assert/strict";
import test, { describe } from "node:test";

import { GrowingCandle, joined, Sum } from "../../client/src/candle.js";
import { trade } from "./support.js";

/** @param {Partial<import("../../client/glow.js").Update>[]} trades @param {"sol" | "usd"} currency */
function candleOf(trades, currency = "sol") {
  const growing = new GrowingCandle(0, currency);
  trades.forEach((fields, index) => growing.add({ ...trade(index), ...fields }, 0));
  return growing.candle;
}

/** @param {import("../../client/glow.js").Candle} candle */
const pricesOf = ({ open, high, low, close }) => [open, high, low, close];

describe("a candle", () => {
  test("does not depend on the order in which its trades come", () => {
    const trades = [5, 9, 2, 7].map((price, index) => ({ price, id: trade(index).id }));
    for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]]) {
      assert.deepEqual(pricesOf(candleOf(order.map((index) => trades[index]))), [5, 9, 2, 7]);
    }
  });

  test("of one slot is closed by the trade that comes last, and opened by the one that comes first", () => {
    const { id } = trade(1);
    assert.deepEqual(pricesOf(candleOf([{ price: 3, id }, { price: 1, id }, { price: 2, id }])), [3, 3, 1, 2]);
  });

  test("has no prices in dollars where a trade has none, but its volume", () => {
    const trades = [{ priceUsd: 100, amount: 1 }, { amount: 2 }, { priceUsd: 101 }];
    assert.deepEqual(candleOf(trades, "usd"), { time: 0, volume: 3, volumeSol: undefined, trades: 3, running: true });
    assert.deepEqual(pricesOf(candleOf([{ priceUsd: 100 }, { priceUsd: 101 }], "usd")), [100, 101, 100, 101]);
  });

  test("of several has no prices where one of them has none", () => {
    const [priced, unpriced] = [candleOf([{ priceUsd: 100, amount: 1 }], "usd"), candleOf([{ amount: 2 }], "usd")];
    assert.deepEqual(pricesOf(joined(0, [priced, priced])), [100, 100, 100, 100]);
    for (const parts of [[priced, unpriced], [unpriced, priced]]) {
      const { open, high, volume, trades } = joined(0, parts);
      assert.deepEqual({ open, high, volume, trades }, { open: undefined, high: undefined, volume: 3, trades: 2 });
    }
  });
});

test("a sum of a million amounts is the nearest float, in any order", () => {
  const sum = new Sum();
  for (let n = 0; n < 1_000_000; n++) sum.add(0.1);
  sum.add(1e15);
  sum.add(-1e15);
  assert.equal(sum.value, 100_000);
  assert.equal(new Sum().value, undefined);
});
