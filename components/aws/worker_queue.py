"""A queue to a worker, and the dead-letter queue of what failed in all its tries."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaFunction

RETENTION_SECONDS: Final = 14 * 24 * 60 * 60  # the most that SQS keeps: nothing accepted is lost
_VISIBILITY_PER_TIMEOUT: Final = 6  # AWS: "at least six times the function's timeout"


@dataclass(frozen=True, kw_only=True)
class WorkerQueueArgs:
    prefix: str
    lane: str
    """Begins the names of both queues, such as `Broadcast`."""
    carries: str
    """What is in it, for the names of queue and policies. `debts` are what the edge did not take."""
    tries: int
    worker_timeout_seconds: int
    key_arn: pulumi.Input[str] | None
    """What encrypts both. None: SQS's own key."""


class WorkerQueue(pulumi.ComponentResource):
    """Both queues, and what a function may do with them. A subclass says in which order they hand out."""

    queue: aws.sqs.Queue
    dead_letters: aws.sqs.Queue
    tries: int
    worker_timeout_seconds: int

    def __init__(
        self, name: str, args: WorkerQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"glow:aws:{args.lane}Queue", name, None, opts)
        self._name = name
        self._carries = args.carries
        self.tries = args.tries
        self.worker_timeout_seconds = args.worker_timeout_seconds
        self.dead_letters = self._dead_letter_queue(args)
        self.queue = self._queue_of(args)
        self._accept_only_own_dead_letters()
        self.register_outputs({"url": self.queue.url, "deadLetterUrl": self.dead_letters.url})

    def allow_send(self, role: FunctionRole) -> None:
        role.allow(f"send-{self._carries}", actions=["sqs:SendMessage"], on=[self.queue.arn])

    def allow_dead_letters(self, role: FunctionRole) -> None:
        """Let the worker itself set a record aside that can never succeed."""
        role.allow(f"bury-{self._carries}", actions=["sqs:SendMessage"], on=[self.dead_letters.arn])

    def allow_receive(self, role: FunctionRole) -> None:
        """Let Lambda's poller, which has the rights of the function, take messages."""
        role.allow(
            f"receive-{self._carries}",
            actions=["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            on=[self.queue.arn],
        )

    def allow_postpone(self, role: FunctionRole) -> None:
        """Let the worker say when a message that failed comes again."""
        role.allow(
            f"postpone-{self._carries}",
            actions=["sqs:ChangeMessageVisibility"],
            on=[self.queue.arn],
        )

    def feed(
        self, worker: LambdaFunction, *, maximum_concurrency: int
    ) -> aws.lambda_.EventSourceMapping:
        """Hand the messages to `worker`, at most ten at a time and without a batching window."""
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

    @abstractmethod
    def _dead_letter_queue(self, args: WorkerQueueArgs) -> aws.sqs.Queue: ...

    @abstractmethod
    def _queue_of(self, args: WorkerQueueArgs) -> aws.sqs.Queue: ...

    def _visibility_timeout_seconds(self, args: WorkerQueueArgs) -> int:
        return _VISIBILITY_PER_TIMEOUT * args.worker_timeout_seconds

    def _redrive_policy(self, args: WorkerQueueArgs) -> pulumi.Output[str]:
        return pulumi.Output.json_dumps(
            {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": args.tries}
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
