"""Schedules of EventBridge Scheduler, in the group that every account has."""

from typing import ClassVar, Final

from pulumi_aws import scheduler

from local.provider.aws.base import AwsResource
from local.provider.resource import Block, Inputs, State
from local.provider.values import Properties, text

_GROUP: Final = "default"


class Schedule(AwsResource):
    """aws.scheduler.Schedule. Its id is group and name."""

    args = scheduler.ScheduleArgs
    inputs: ClassVar[Inputs] = {
        "flexibleTimeWindow": Block("FlexibleTimeWindow", {"mode": "Mode"}),
        "name": "Name",
        "scheduleExpression": "ScheduleExpression",
        "state": "State",
        "target": Block(
            "Target",
            {
                "arn": "Arn",
                "roleArn": "RoleArn",
                "retryPolicy": Block(
                    "RetryPolicy",
                    {
                        "maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
                        "maximumRetryAttempts": "MaximumRetryAttempts",
                    },
                ),
            },
        ),
    }
    replaced_by = frozenset({"name"})
    defaults: ClassVar[Properties] = {"state": "ENABLED"}  # CreateSchedule's API reference
    outputs = frozenset({"arn"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        self.aws.scheduler.create_schedule(**self.request(inputs))
        return f"{_GROUP}/{text(inputs, 'name')}"

    def read(self, state: State) -> Properties:
        schedule = self.aws.scheduler.get_schedule(Name=_name(state))
        return {**self.response(schedule), "arn": schedule["Arn"]}

    def update(self, state: State, news: Properties) -> None:
        del state  # UpdateSchedule overwrites the schedule of that name
        self.aws.scheduler.update_schedule(**self.request({**self.defaults, **news}))

    def delete(self, state: State) -> None:
        self.aws.scheduler.delete_schedule(Name=_name(state))


def _name(state: State) -> str:
    return state.id.partition("/")[2]
