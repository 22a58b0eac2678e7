"""The functions on an emulated AWS (ministack) of their own, imported as Lambda does."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.lambda_process import variables
from functions import environment
from functions.glow.runtime import aws
from tests.functions.cloud import CANDLES, PRICES, REGION, ROUTES, Queue, create_tables, ministack

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@contextmanager
def emulated_aws() -> Generator[tuple[str, DynamoDBClient]]:
    """Its URL, and a client of its DynamoDB, in which the tables are."""
    with TemporaryDirectory(prefix="glow-bench-") as folder, ministack(Path(folder)) as url:
        os.environ.update(variables(url))
        client = aws.dynamodb(REGION)
        create_tables(client)
        yield url, client


def handler_of(function: str, endpoint: str) -> Any:  # noqa: ANN401  handlers differ in their events
    """The handler of `functions.<function>`, on the tables and a queue behind `endpoint`."""
    os.environ.update(variables(endpoint))
    os.environ.update(
        {
            environment.PRICES_TABLE: PRICES,
            environment.CANDLES_TABLE: CANDLES,
            environment.ROUTES_TABLE: ROUTES,
            environment.BROADCAST_QUEUE_URL: Queue().url,
            environment.CALL_TIMEOUT_MS: "5000",
        }
    )
    sys.modules.pop(f"functions.{function}", None)  # it reads them when it is imported
    handler = import_module(f"functions.{function}").handler
    del os.environ[environment.CALL_TIMEOUT_MS]
    return handler
