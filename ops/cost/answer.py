"""All that is said of a load, for tables and for JSON. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from functions.glow.paths import Path
from ops.cost.bill import Bill, BreakEven, Line, break_even, make_bill
from ops.cost.load import DAYS, Load
from ops.cost.prices import PriceList
from ops.cost.quotas import Quota, Reach, quotas_of, reach_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPath:
    """What a path costs, what it uses up, and how far the users may grow; None: without a bound."""

    path: Path
    bill: Bill
    quotas: Sequence[Quota]
    reach: Reach | None

    @property
    def holds(self) -> bool:
        """Whether the load breaks no quota."""
        return not self.quotas[0].is_broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`break_even` is None where one path alone was asked for."""

    load: Load
    prices: PriceList
    paths: Sequence[OfPath]
    break_even: BreakEven | None

    def to_dict(self) -> Mapping[str, object]:
        """As JSON has it; dollars in whole cents."""
        found = self.break_even
        return {
            "load": {_camel(key): _plain(value) for key, value in asdict(self.load).items()},
            "days": DAYS,
            "prices": {"region": self.prices.region, "collected": str(self.prices.collected)},
            "paths": {of_path.path: _path(of_path) for of_path in self.paths},
            "breakEven": found and {"users": found.users, "cheaperBelow": found.cheaper_below},
        }


def answer_for(load: Load, paths: Sequence[Path], prices: PriceList) -> Answer:
    """What `load` costs and breaks on `paths`."""
    return Answer(
        load=load,
        prices=prices,
        paths=[
            OfPath(
                path=path,
                bill=make_bill(load, path, prices),
                quotas=quotas_of(load, path),
                reach=reach_of(load, path),
            )
            for path in paths
        ],
        break_even=break_even(load, prices) if len(paths) > 1 else None,
    )


def _path(of_path: OfPath) -> Mapping[str, object]:
    return {
        "usd": _usd(of_path.bill.usd),
        "services": {name: _usd(usd) for name, usd in of_path.bill.usd_by_service.items()},
        "lines": [_line(line) for line in of_path.bill.lines],
        "holds": of_path.holds,
        "quotas": [_quota(quota) for quota in of_path.quotas],
        "reach": of_path.reach
        and {"users": of_path.reach.users, "first": of_path.reach.first.name},
    }


def _line(line: Line) -> Mapping[str, object]:
    return {
        "service": line.price.service,
        "unit": line.price.unit,
        "amount": _plain(line.amount),
        "usd": _usd(line.usd),
        "usages": [
            {"reason": usage.reason, "amount": _plain(usage.amount)} for usage in line.usages
        ],
        "source": line.price.source,
        "asOf": line.price.as_of,
    }


def _quota(quota: Quota) -> Mapping[str, object]:
    return {
        "name": quota.name,
        "used": _plain(quota.used),
        "limit": quota.limit,
        "isBroken": quota.is_broken,
        "remedy": quota.remedy,
    }


def _usd(usd: Decimal) -> float:
    return float(usd)


def _plain(value: Decimal | int) -> float | int:
    return value if isinstance(value, int) else float(round(value, 3))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
