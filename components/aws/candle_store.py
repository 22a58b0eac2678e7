"""The table of candles, and what keeps it up to the trades: the stream of the price table."""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaFunction
from components.aws.table import TableArgs, declare_table
from components.aws.worker_queue import RETENTION_SECONDS

# A removal, which is mostly a row's end, has no new image. So it wakes nobody.
_IS_A_PRICE: Final = json.dumps({"dynamodb": {"NewImage": {"price": {"N": [{"exists": True}]}}}})
# A batch in five seconds: the least time between two computations of the running minute. It loses
# nothing, for each trade is in some batch, and its minute is computed after that. Charts do not wait
# for it (functions/glow/candles/chart.py). A shard takes 1,000 writes a second: a batch that is full
# before its time has shared as much.
_WINDOW_SECONDS: Final = 5
_BATCH_ROWS: Final = 2_000
# Lambda would share a shard among several batches by its rows' keys, a token's trades too: each batch
# would compute the same minute.
_BATCHES_AT_ONCE: Final = 1
# A failing batch is halved until what fails is alone; then its shard waits for it no more.
_RETRIES: Final = 20


@dataclass(frozen=True, kw_only=True)
class CandleStoreArgs:
    prefix: str
    protected: bool
    changes_arn: pulumi.Input[str]
    """The stream of the price table."""
    key_arn: pulumi.Input[str] | None
    """What encrypts the queue. None: SQS's own key."""


class CandleStore(pulumi.ComponentResource):
    """The table, the queue of what could not be rolled up, and the rights functions need on both."""

    table: aws.dynamodb.Table
    failures: aws.sqs.Queue
    """Which stretch of the stream failed in all its tries. It does not hold the trades: they are in
    the price table, and `python -m ops candles` reads them again."""

    def __init__(
        self, name: str, args: CandleStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:CandleStore", name, None, opts)
        self._name = name
        self._changes_arn = args.changes_arn
        self.table = declare_table(
            f"{name}-table",
            TableArgs(
                table_name=f"{args.prefix}-CandlesTable",
                key=("series", "time"),
                protected=args.protected,
            ),
            self,
        )
        self.failures = aws.sqs.Queue(
            f"{name}-failures",
            name=f"{args.prefix}-CandleFailuresQueue",
            message_retention_seconds=RETENTION_SECONDS,
            kms_master_key_id=args.key_arn,
            sqs_managed_sse_enabled=None if args.key_arn else True,  # one or the other
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"table": self.table.name, "failuresUrl": self.failures.url})

    def allow_read_candles(self, role: FunctionRole) -> None:
        role.allow("read-candles", actions=["dynamodb:Query"], on=[self.table.arn])

    def allow_write_candles(self, role: FunctionRole) -> None:
        role.allow("write-candles", actions=["dynamodb:PutItem"], on=[self.table.arn])

    def allow_report_failures(self, role: FunctionRole) -> None:
        """Let Lambda's poller, which has the rights of the function, say what failed."""
        role.allow("report-failures", actions=["sqs:SendMessage"], on=[self.failures.arn])

    def feed(self, roller: LambdaFunction) -> aws.lambda_.EventSourceMapping:
        """Tell `roller` of each price that comes or changes."""
        return aws.lambda_.EventSourceMapping(
            f"{self._name}-to-roller",
            event_source_arn=self._changes_arn,
            function_name=roller.arn,
            # What was written between the making of the stream and that of this mapping counts too.
            starting_position="TRIM_HORIZON",
            filter_criteria=aws.lambda_.EventSourceMappingFilterCriteriaArgs(
                filters=[
                    aws.lambda_.EventSourceMappingFilterCriteriaFilterArgs(pattern=_IS_A_PRICE)
                ]
            ),
            batch_size=_BATCH_ROWS,
            maximum_batching_window_in_seconds=_WINDOW_SECONDS,
            parallelization_factor=_BATCHES_AT_ONCE,
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=_RETRIES,
            destination_config=aws.lambda_.EventSourceMappingDestinationConfigArgs(
                on_failure=aws.lambda_.EventSourceMappingDestinationConfigOnFailureArgs(
                    destination_arn=self.failures.arn
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
