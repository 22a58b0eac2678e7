"""What a preview says of costs. Pure."""

from dataclasses import replace

from ops.cost.bill import make_bill
from ops.cost.load import TYPICAL
from ops.cost.prices import PriceList


def cost_line(prices: PriceList, *, tokens: int) -> str:
    """The month's bill on both paths of a stack that streams so many; 0: all that are traded."""
    load = replace(TYPICAL, tokens=tokens or TYPICAL.tokens)
    aws, edge = (make_bill(load, path, prices).usd for path in ("aws", "edge"))
    return (
        f"Costs: about ${aws:,.0f} a month on aws, ${edge:,.0f} at the edge, for {load.users:,} users"
        f" always online and {load.updates_per_second} trade/s of each of {load.tokens} tokens."
        " For your own load: python -m ops cost"
    )
