"""Who is told when updates do not arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
import pulumi_aws as aws

from components.aws.candle_store import CandleStore
from components.aws.lambda_function import LambdaFunction
from components.aws.worker_queue import WorkerQueue

_LATE_SECONDS: Final = 60  # such a price is live no more; a healthy wait is below a second
_PERIOD_SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    prefix: str
    updates: WorkerQueue
    undelivered: WorkerQueue
    route_tasks: WorkerQueue
    later: WorkerQueue
    completions: WorkerQueue
    candles: CandleStore
    functions: Mapping[str, LambdaFunction]
    email: str | None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A CloudWatch metric of one resource, and how a minute of it becomes one number."""

    namespace: str
    name: str
    dimension: tuple[str, pulumi.Input[str]]
    statistic: Literal["Maximum", "Sum"]


class Monitoring(pulumi.ComponentResource):
    """A topic, and alarms on lost updates, late updates and failing functions."""

    def __init__(
        self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:Monitoring", name, None, opts)
        self._name = name
        self._topic = self._alarm_topic(args)
        self._watch_dead_letters(args)
        self._watch_age(args)
        for child, function in args.functions.items():
            self._watch_errors(child, function)
        self.register_outputs({"topic": self._topic.arn})

    def _alarm_topic(self, args: MonitoringArgs) -> aws.sns.Topic:
        # Not encrypted with alias/aws/sns: that key's policy refuses CloudWatch, and nobody is told.
        topic = aws.sns.Topic(
            f"{self._name}-topic",
            name=f"{args.prefix}-Alarms",
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.email:
            aws.sns.TopicSubscription(
                f"{self._name}-email",
                topic=topic.arn,
                protocol="email",
                endpoint=args.email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return topic

    def _watch_dead_letters(self, args: MonitoringArgs) -> None:
        queues = (
            (
                "dead-letters",
                "BroadcastDeadLetters",
                args.updates.dead_letters,
                "Updates lie in the dead-letter queue: clients did not get them.",
            ),
            (
                "edge-retry-dead-letters",
                "EdgeRetryDeadLetters",
                args.undelivered.dead_letters,
                "The edge did not take updates in all their tries: mend it, then python -m ops redrive.",
            ),
            (
                "route-dead-letters",
                "RouteDeadLetters",
                args.route_tasks.dead_letters,
                "Clients could not be told that their token moved: mend it, then python -m ops redrive.",
            ),
            (
                "later-dead-letters",
                "LaterDeadLetters",
                args.later.dead_letters,
                "Clients that missed an update were not told: mend it, then python -m ops redrive.",
            ),
            (
                "completion-dead-letters",
                "CompletionDeadLetters",
                args.completions.dead_letters,
                "The RPC node did not answer for trades that came trimmed: mend it, then python -m ops redrive.",
            ),
            (
                "candle-failures",
                "CandleFailures",
                args.candles.failures,
                "Candles lack trades: mend it, then python -m ops candles for the time of the alarm.",
            ),
        )
        for child, alarm, queue, description in queues:
            self._alarm(
                child,
                f"{args.prefix}-{alarm}",
                description,
                Metric(
                    namespace="AWS/SQS",
                    name="ApproximateNumberOfMessagesVisible",
                    dimension=("QueueName", queue.name),
                    statistic="Maximum",
                ),
            )

    def _watch_age(self, args: MonitoringArgs) -> None:
        self._alarm(
            "late",
            f"{args.prefix}-BroadcastLate",
            "Updates wait for more than a minute: the worker fails or cannot keep up.",
            Metric(
                namespace="AWS/SQS",
                name="ApproximateAgeOfOldestMessage",
                dimension=("QueueName", args.updates.queue.name),
                statistic="Maximum",
            ),
            above=_LATE_SECONDS,
        )

    def _watch_errors(self, child: str, function: LambdaFunction) -> None:
        self._alarm(
            f"{child}-errors",
            f"{function.function_name}-Errors",
            "The function ended with an error or a time-out. Its log group says why.",
            Metric(
                namespace="AWS/Lambda",
                name="Errors",
                dimension=("FunctionName", function.function_name),
                statistic="Sum",
            ),
        )

    def _alarm(
        self, child: str, alarm: str, description: str, metric: Metric, *, above: int = 0
    ) -> aws.cloudwatch.MetricAlarm:
        dimension, resource = metric.dimension
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{child}",
            name=alarm,
            alarm_description=description,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions={dimension: resource},
            statistic=metric.statistic,
            period=_PERIOD_SECONDS,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=above,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.arn],
            ok_actions=[self._topic.arn],
            opts=pulumi.ResourceOptions(parent=self),
        )
