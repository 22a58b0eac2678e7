"""Does somebody hear when the bill grows?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ops.verify.finding import Finding, failed, skipped, well
from ops.verify.target import Target

_NAME: Final = "budget present"


def check_budget(target: Target) -> Finding:
    """The budget of the account, as config has it."""
    wanted = target.config.monthly_budget_usd
    if wanted is None:
        return skipped(
            _NAME,
            "alarms.monthlyBudgetUsd is not set: nobody hears of a bill that grows",
            remedy=target.pulumi("config set --path alarms.monthlyBudgetUsd 200"),
        )
    named = {"AccountId": target.account, "BudgetName": f"glow-{target.name}"}
    client = target.budgets
    try:
        budget: Mapping[str, Any] = client.describe_budget(**named)["Budget"]
    except client.exceptions.NotFoundException:
        return _wrong(target, "there is none", cause="it was deleted by hand")
    limit = Decimal(budget["BudgetLimit"]["Amount"])
    if limit != wanted:
        return _wrong(target, f"it is ${limit:,f}, not ${wanted:,}", cause="it was changed by hand")
    told = sorted(_thresholds(client, named, target.config.alarm_email))
    if not told:
        return _wrong(
            target, "alarmEmail hears nothing of it", cause="its alerts were deleted by hand"
        )
    shares = ", ".join(f"{percent:g}" for percent in dict.fromkeys(told))
    return well(_NAME, f"${wanted:,} a month; alarmEmail hears at {shares} %")


def _thresholds(client: Any, named: Mapping[str, str], email: str | None) -> Iterator[float]:  # noqa: ANN401
    """Of the alerts that `email` gets."""
    answer: Mapping[str, Any] = client.describe_notifications_for_budget(**named)
    for alert in answer.get("Notifications", []):
        key = {name: value for name, value in alert.items() if name != "NotificationState"}
        found: Mapping[str, Any] = client.describe_subscribers_for_notification(
            **named, Notification=key
        )
        if any(each["Address"] == email for each in found.get("Subscribers", [])):
            yield alert["Threshold"]


def _wrong(target: Target, seen: str, *, cause: str) -> Finding:
    return failed(_NAME, seen, cause=cause, remedy=target.mend)
