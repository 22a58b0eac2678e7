"""Budgets. They belong to the account, not to a region."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pulumi_aws import budgets

from local.provider.aws.base import AwsResource
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, Value, blocks, text

_EMAIL: Final = "subscriberEmailAddresses"
_NOTIFICATION: Final[Mapping[str, str]] = {
    "comparisonOperator": "ComparisonOperator",
    "notificationType": "NotificationType",
    "threshold": "Threshold",
    "thresholdType": "ThresholdType",
}


class Budget(AwsResource):
    """aws.budgets.Budget. Its id is account and name."""

    args = budgets.BudgetArgs
    inputs: ClassVar[Inputs] = {
        "budgetType": "BudgetType",
        "limitAmount": OWN,
        "limitUnit": OWN,
        "name": "BudgetName",
        "notifications": Block("Notifications", {**_NOTIFICATION, _EMAIL: OWN}),
        "timeUnit": "TimeUnit",
    }
    replaced_by = frozenset({"name"})
    defaults: ClassVar[Properties] = {"notifications": []}
    outputs = frozenset({"accountId", "arn"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        self.aws.budgets.create_budget(
            AccountId=self.aws.account,
            Budget=self._budget(inputs),
            NotificationsWithSubscribers=[
                {"Notification": self._notification(each), "Subscribers": _subscribers(each)}
                for each in blocks(inputs.get("notifications"))
            ],
        )
        return f"{self.aws.account}:{text(inputs, 'name')}"

    def read(self, state: State) -> Properties:
        named = self._named(state)
        budget: dict[str, Any] = self.aws.budgets.describe_budget(**named)["Budget"]
        limit: Mapping[str, str] = budget["BudgetLimit"]
        notifications: list[Value] = [
            {
                **{name: each[api_name] for name, api_name in _NOTIFICATION.items()},
                _EMAIL: self._told(named, each),
            }
            for each in self._notifications(named)
        ]
        return {
            **self.response(budget),
            "accountId": self.aws.account,
            "arn": f"arn:aws:budgets::{self.aws.account}:budget/{named['BudgetName']}",
            "limitAmount": limit["Amount"],
            "limitUnit": limit["Unit"],
            "notifications": notifications,
        }

    def update(self, state: State, news: Properties) -> None:
        named = self._named(state)
        self.aws.budgets.update_budget(AccountId=self.aws.account, NewBudget=self._budget(news))
        for each in self._notifications(named):
            self.aws.budgets.delete_notification(**named, Notification=each)
        for each in blocks(news.get("notifications")):
            self.aws.budgets.create_notification(
                **named, Notification=self._notification(each), Subscribers=_subscribers(each)
            )

    def delete(self, state: State) -> None:
        self.aws.budgets.delete_budget(**self._named(state))

    def _named(self, state: State) -> dict[str, str]:
        return {"AccountId": self.aws.account, "BudgetName": state.id.partition(":")[2]}

    def _budget(self, inputs: Properties) -> dict[str, Any]:
        limit = {"Amount": text(inputs, "limitAmount"), "Unit": text(inputs, "limitUnit")}
        budget = {**self.request(inputs), "BudgetLimit": limit}
        budget.pop("Notifications", None)  # they are made by calls of their own
        return budget

    def _notification(self, given: Properties) -> dict[str, Any]:
        return {api_name: given[name] for name, api_name in _NOTIFICATION.items()}

    def _notifications(self, named: Mapping[str, str]) -> list[dict[str, Any]]:
        answer: dict[str, Any] = self.aws.budgets.describe_notifications_for_budget(**named)
        listed: list[dict[str, Any]] = answer.get("Notifications", [])
        return [{name: each[name] for name in _NOTIFICATION.values()} for each in listed]

    def _told(self, named: Mapping[str, str], notification: Mapping[str, Any]) -> list[Value]:
        answer: dict[str, Any] = self.aws.budgets.describe_subscribers_for_notification(
            **named, Notification=notification
        )
        return [each["Address"] for each in answer.get("Subscribers", [])]


def _subscribers(notification: Properties) -> list[dict[str, str]]:
    addresses = notification.get(_EMAIL)
    listed = addresses if isinstance(addresses, list) else []
    return [{"SubscriptionType": "EMAIL", "Address": str(each)} for each in listed]
