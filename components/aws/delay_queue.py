"""A queue whose messages may each have a delay. It keeps no order: a FIFO queue delays all or none."""

import pulumi
import pulumi_aws as aws

from components.aws.worker_queue import RETENTION_SECONDS, WorkerQueue, WorkerQueueArgs


class DelayQueue(WorkerQueue):
    """Standard queues. The sender gives the delay."""

    def _dead_letter_queue(self, args: WorkerQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-dead-letters",
            name=f"{args.prefix}-{args.lane}DeadLetterQueue",
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=args.key_arn,
            sqs_managed_sse_enabled=None if args.key_arn else True,  # one or the other
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _queue_of(self, args: WorkerQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-{args.carries}",
            name=f"{args.prefix}-{args.lane}Queue",
            visibility_timeout_seconds=self._visibility_timeout_seconds(args),
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=args.key_arn,
            sqs_managed_sse_enabled=None if args.key_arn else True,  # one or the other
            redrive_policy=self._redrive_policy(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
