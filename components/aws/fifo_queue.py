"""A queue in order: messages of a group (a token) come one after the other, groups side by side."""

import pulumi
import pulumi_aws as aws

from components.aws.worker_queue import RETENTION_SECONDS, WorkerQueue, WorkerQueueArgs


class FifoQueue(WorkerQueue):
    """FIFO queues of high throughput."""

    def _dead_letter_queue(self, args: WorkerQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-dead-letters",
            name=f"{args.prefix}-{args.lane}DeadLetterQueue.fifo",
            fifo_queue=True,
            # As in the queue itself, else a redrive would be throttled at 300 calls a second.
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=args.key_arn,
            sqs_managed_sse_enabled=None if args.key_arn else True,  # one or the other
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _queue_of(self, args: WorkerQueueArgs) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            f"{self._name}-{args.carries}",
            name=f"{args.prefix}-{args.lane}Queue.fifo",
            fifo_queue=True,
            content_based_deduplication=False,  # the sender gives the deduplication id: an update's own id
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            visibility_timeout_seconds=self._visibility_timeout_seconds(args),
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=args.key_arn,
            sqs_managed_sse_enabled=None if args.key_arn else True,  # one or the other
            redrive_policy=self._redrive_policy(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
