"""The lane between the webhook and the worker: in order within a token, tokens side by side."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.function_role import FunctionRole
from components.lambda_function import LambdaFunction

_TRIES: Final = 3
_RETENTION_SECONDS: Final = 14 * 24 * 60 * 60  # the most that SQS keeps: nothing accepted is lost
_VISIBILITY_PER_TIMEOUT: Final = 6  # AWS: "at least six times the function's timeout"


@dataclass(frozen=True, kw_only=True)
class BroadcastQueueArgs:
    prefix: str
    worker_timeout_seconds: int


class BroadcastQueue(pulumi.ComponentResource):
    """FIFO queue of updates, and the dead-letter queue of those that failed three times."""

    queue: aws.sqs.Queue
    dead_letters: aws.sqs.Queue

    def __init__(
        self, name: str, args: BroadcastQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:BroadcastQueue", name, None, opts)
        self._name = name
        self.dead_letters = self._dead_letter_queue(args)
        self.queue = self._broadcast_queue(args)
        self._accept_only_own_dead_letters()
        self.register_outputs({"url": self.queue.url, "deadLetterUrl": self.dead_letters.url})

    def allow_send(self, role: FunctionRole) -> None:
        role.allow("send-updates", actions=["sqs:SendMessage"], on=[self.queue.arn])

    def allow_bury(self, role: FunctionRole) -> None:
        """Let the worker put aside a record that can never succeed."""
        role.allow("bury-updates", actions=["sqs:SendMessage"], on=[self.dead_letters.arn])

    def allow_receive(self, role: FunctionRole) -> None:
        """What Lambda's own poller does in the function's name."""
        role.allow(
            "receive-updates",
            actions=["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            on=[self.queue.arn],
        )

    def feed(
        self, worker: LambdaFunction, *, maximum_concurrency: int
    ) -> aws.lambda_.EventSourceMapping:
        """Hand the updates to `worker`, ten at most at a time: a FIFO source knows no window."""
        return aws.lambda_.EventSourceMapping(
            f"{self._name}-to-worker",
            event_source_arn=self.queue.arn,
            function_name=worker.arn,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(
                maximum_concurrency=maximum_concurrency
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _dead_letter_queue(self, args: BroadcastQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-dead-letters",
            name=f"{args.prefix}-BroadcastDeadLetterQueue.fifo",
            fifo_queue=True,
            # As in the queue itself, else a redrive would be throttled at 300 calls a second.
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            message_retention_seconds=_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _broadcast_queue(self, args: BroadcastQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-updates",
            name=f"{args.prefix}-BroadcastQueue.fifo",
            fifo_queue=True,
            content_based_deduplication=False,  # the update's id is its deduplication id
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            visibility_timeout_seconds=_VISIBILITY_PER_TIMEOUT * args.worker_timeout_seconds,
            message_retention_seconds=_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": _TRIES}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _accept_only_own_dead_letters(self) -> aws.sqs.RedriveAllowPolicy:
        return aws.sqs.RedriveAllowPolicy(
            f"{self._name}-dead-letters-source",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.queue.arn]}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
