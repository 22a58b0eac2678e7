"""CloudWatch log groups, metric filters, alarms and dashboards."""

from typing import TYPE_CHECKING, ClassVar

from pulumi_aws import cloudwatch

from local.provider.aws.base import AwsResource, GoneError
from local.provider.aws.session import Session
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, text

if TYPE_CHECKING:  # the stubs are installed for the type checker only
    from types_boto3_logs.type_defs import LogGroupTypeDef


class LogGroup(AwsResource):
    """aws.cloudwatch.LogGroup."""

    args = cloudwatch.LogGroupArgs
    inputs: ClassVar[Inputs] = {"name": OWN, "retentionInDays": "retentionInDays"}
    replaced_by = frozenset({"name"})
    defaults: ClassVar[Properties] = {"retentionInDays": None}
    outputs = frozenset({"arn"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        name = text(inputs, "name")
        self.aws.logs.create_log_group(logGroupName=name)
        self.update(State(name, {}), inputs)
        return name

    def read(self, state: State) -> Properties:
        listed = self.aws.logs.describe_log_groups(logGroupNamePrefix=state.id)["logGroups"]
        for group in listed:
            if group.get("logGroupName") == state.id:
                return {
                    "arn": _arn(group),
                    "name": state.id,
                    "retentionInDays": group.get("retentionInDays"),  # none: kept for ever
                }
        raise GoneError(state.id)

    def update(self, state: State, news: Properties) -> None:
        if news.get("retentionInDays"):
            self.aws.logs.put_retention_policy(logGroupName=state.id, **self.request(news))
        elif state.properties.get("retentionInDays"):
            self.aws.logs.delete_retention_policy(logGroupName=state.id)

    def delete(self, state: State) -> None:
        self.aws.logs.delete_log_group(logGroupName=state.id)


class LogGroups:
    """aws.cloudwatch.get_log_groups: the groups whose names begin with `logGroupNamePrefix`."""

    def __init__(self, session: Session) -> None:
        self._logs = session.logs

    def __call__(self, arguments: Properties) -> Properties:
        unknown = sorted(arguments.keys() - {"logGroupNamePrefix"})
        if unknown:
            raise ValueError(f"the local getLogGroups does not handle {', '.join(unknown)}")
        prefix = text(arguments, "logGroupNamePrefix") if arguments else ""
        pages = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        groups = [group for page in pages for group in page["logGroups"]]
        return {
            **arguments,
            "arns": [_arn(group) for group in groups],
            "id": self._logs.meta.region_name,
            "logGroupNames": [group.get("logGroupName", "") for group in groups],
            "region": self._logs.meta.region_name,
        }


class LogMetricFilter(AwsResource):
    """aws.cloudwatch.LogMetricFilter. ministack keeps it, and makes no metrics of logs."""

    args = cloudwatch.LogMetricFilterArgs
    inputs: ClassVar[Inputs] = {
        "logGroupName": "logGroupName",
        "metricTransformation": Block(
            "metricTransformations",
            {
                "dimensions": "dimensions",
                "name": "metricName",
                "namespace": "metricNamespace",
                "unit": "unit",
                "value": "metricValue",
            },
        ),
        "name": "filterName",
        "pattern": "filterPattern",
    }
    replaced_by = frozenset({"logGroupName", "name"})
    outputs = frozenset()
    autoname = "name"

    def create(self, inputs: Properties) -> str:
        request = self.request(inputs)
        # AWS takes a list of one.
        request["metricTransformations"] = [request["metricTransformations"]]
        self.aws.logs.put_metric_filter(**request)
        return text(inputs, "name")

    def read(self, state: State) -> Properties:
        listed = self.aws.logs.describe_metric_filters(
            logGroupName=state.text("logGroupName"), filterNamePrefix=state.id
        )["metricFilters"]
        for found in listed:
            if found.get("filterName") == state.id:
                (transformation,) = found.get("metricTransformations", [])
                return self.response({**found, "metricTransformations": transformation})
        raise GoneError(state.id)

    def update(self, state: State, news: Properties) -> None:
        del state  # PutMetricFilter overwrites the filter of that name
        self.create(news)

    def delete(self, state: State) -> None:
        self.aws.logs.delete_metric_filter(
            logGroupName=state.text("logGroupName"), filterName=state.id
        )


class MetricAlarm(AwsResource):
    """aws.cloudwatch.MetricAlarm."""

    args = cloudwatch.MetricAlarmArgs
    inputs: ClassVar[Inputs] = {
        "alarmActions": "AlarmActions",
        "alarmDescription": "AlarmDescription",
        "comparisonOperator": "ComparisonOperator",
        "dimensions": OWN,
        "evaluationPeriods": "EvaluationPeriods",
        "extendedStatistic": "ExtendedStatistic",
        "insufficientDataActions": "InsufficientDataActions",
        "metricName": "MetricName",
        "name": "AlarmName",
        "namespace": "Namespace",
        "okActions": "OKActions",
        "period": "Period",
        "statistic": "Statistic",
        "threshold": "Threshold",
        "treatMissingData": "TreatMissingData",
    }
    replaced_by = frozenset({"name"})
    defaults: ClassVar[Properties] = {
        "alarmActions": [],
        "alarmDescription": "",
        "dimensions": None,
        "extendedStatistic": None,
        "insufficientDataActions": [],
        "okActions": [],
        "treatMissingData": "missing",
    }
    outputs = frozenset({"arn"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        dimensions = inputs.get("dimensions")
        named = dimensions.items() if isinstance(dimensions, dict) else ()
        self.aws.cloudwatch.put_metric_alarm(
            **self.request(inputs),
            Dimensions=[{"Name": name, "Value": str(value)} for name, value in named],
        )
        return text(inputs, "name")

    def read(self, state: State) -> Properties:
        alarms = self.aws.cloudwatch.describe_alarms(AlarmNames=[state.id])["MetricAlarms"]
        if not alarms:
            raise GoneError(state.id)
        dimensions = alarms[0].get("Dimensions", [])
        answered = self.response(alarms[0])
        if answered["extendedStatistic"] is not None:
            answered["statistic"] = None  # ministack answers one beside it
        return {
            **answered,
            "arn": alarms[0].get("AlarmArn", ""),
            "dimensions": {d.get("Name", ""): d.get("Value") for d in dimensions} or None,
        }

    def update(self, state: State, news: Properties) -> None:
        del state  # PutMetricAlarm overwrites the alarm of that name
        self.create(news)

    def delete(self, state: State) -> None:
        self.aws.cloudwatch.delete_alarms(AlarmNames=[state.id])


class CompositeAlarm(AwsResource):
    """aws.cloudwatch.CompositeAlarm."""

    args = cloudwatch.CompositeAlarmArgs
    inputs: ClassVar[Inputs] = {
        "alarmActions": "AlarmActions",
        "alarmDescription": "AlarmDescription",
        "alarmName": "AlarmName",
        "alarmRule": "AlarmRule",
        "okActions": "OKActions",
    }
    replaced_by = frozenset({"alarmName"})
    defaults: ClassVar[Properties] = {
        "alarmActions": [],
        "alarmDescription": "",
        "okActions": [],
    }
    outputs = frozenset({"arn"})
    importable = True

    def create(self, inputs: Properties) -> str:
        self.aws.cloudwatch.put_composite_alarm(**self.request(inputs))
        return text(inputs, "alarmName")

    def read(self, state: State) -> Properties:
        described = self.aws.cloudwatch.describe_alarms(
            AlarmNames=[state.id], AlarmTypes=["CompositeAlarm"]
        )
        alarms = described["CompositeAlarms"]
        if not alarms:
            raise GoneError(state.id)
        return {**self.response(alarms[0]), "arn": alarms[0].get("AlarmArn", "")}

    def update(self, state: State, news: Properties) -> None:
        del state  # PutCompositeAlarm overwrites the alarm of that name
        self.create(news)

    def delete(self, state: State) -> None:
        self.aws.cloudwatch.delete_alarms(AlarmNames=[state.id])


class Dashboard(AwsResource):
    """aws.cloudwatch.Dashboard."""

    args = cloudwatch.DashboardArgs
    inputs: ClassVar[Inputs] = {
        "dashboardBody": "DashboardBody",
        "dashboardName": "DashboardName",
    }
    replaced_by = frozenset({"dashboardName"})
    outputs = frozenset({"dashboardArn"})
    importable = True

    def create(self, inputs: Properties) -> str:
        self.aws.cloudwatch.put_dashboard(**self.request(inputs))
        return text(inputs, "dashboardName")

    def read(self, state: State) -> Properties:
        dashboard = self.aws.cloudwatch.get_dashboard(DashboardName=state.id)
        return {**self.response(dashboard), "dashboardArn": dashboard["DashboardArn"]}

    def update(self, state: State, news: Properties) -> None:
        del state  # PutDashboard overwrites the dashboard of that name
        self.create(news)

    def delete(self, state: State) -> None:
        self.aws.cloudwatch.delete_dashboards(DashboardNames=[state.id])


def _arn(group: "LogGroupTypeDef") -> str:
    # The real provider drops the ":*" at the end, which means the group's streams.
    return group.get("arn", "").removesuffix(":*")
