"""A preview says what the stack costs."""

import json

from ops.cost.preview import cost_line
from ops.cost.prices import read_prices
from tests.stack.recording import Deployment, deploy


def _said(deployment: Deployment) -> str:
    (line,) = [line for line in deployment.told.splitlines() if line.startswith("Costs:")]
    return line


def test_preview_says_what_a_hundred_tokens_cost_where_none_are_listed(prod: Deployment) -> None:
    said = _said(prod)

    assert said == cost_line(read_prices(), tokens=100)
    assert "1,000 users always online and 1 trade/s of each of 100 tokens" in said
    assert said.endswith("python -m ops cost")


def test_preview_counts_the_stacks_own_tokens() -> None:
    mints = {"BONK": "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", "DEMO": "DEMO_TOKEN"}

    said = _said(deploy("dev", {"tokens": json.dumps(mints)}))

    assert said == cost_line(read_prices(), tokens=2)
    assert "of each of 2 tokens" in said
