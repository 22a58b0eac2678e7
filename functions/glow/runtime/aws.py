"""The AWS clients of functions that somebody waits for, made by botocore alone: boto3 on top, which
makes the same clients, costs 100 ms of start (facts/aws.md §4). Others take theirs from boto.py.

botocore reads AWS_ENDPOINT_URL and the credentials of the environment by itself. It is imported
where it is used, so that the core imports, and is tested, with nothing installed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from functions.glow.errors import NotAllowed, Unavailable
from functions.glow.runtime.deadline import seconds_left

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.config import Config
    from botocore.session import Session
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

MAX_CONCURRENT_CALLS: Final = 32
HASTY_RETRY_DELAY_SECONDS: Final = 0.01
# A healthy call takes 5 to 20 ms. A retry that has less than this left would only be cut off.
MIN_RETRY_SECONDS: Final = 0.05

_CONNECT_TIMEOUT_SECONDS: Final = 1
_READ_TIMEOUT_SECONDS: Final = 3
_SERVICES: Final = ("dynamodb", "sqs")
_RETRYABLE_STATUS: Final = frozenset({429, 500, 502, 503, 504})
_DENIALS: Final = frozenset({"AccessDenied", "AccessDeniedException"})  # SQS, DynamoDB
_THROTTLES: Final = frozenset(
    {"ProvisionedThroughputExceededException", "RequestThrottled", "ThrottlingException"}
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An AWS identity. A temporary one, such as a function's role, has a `token`."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


def dynamodb(region: str, *, timeout_ms: int | None = None) -> DynamoDBClient:
    """A DynamoDB client. With `timeout_ms` a hasty one: see `_client`."""
    with _uncollected():
        return cast("DynamoDBClient", _client("dynamodb", region, timeout_ms))


def sqs(region: str, *, timeout_ms: int | None = None) -> SQSClient:
    """An SQS client. With `timeout_ms` a hasty one: see `_client`."""
    with _uncollected():
        return cast("SQSClient", _client("sqs", region, timeout_ms))


def credentials() -> Credentials:
    """The function's own credentials; Lambda never changes them during a process's life."""
    found = _session().get_credentials()
    if found is None or not found.access_key or not found.secret_key:
        raise Unavailable("no AWS credentials in the environment, where Lambda puts them")
    return Credentials(found.access_key, found.secret_key, found.token)


@contextmanager
def unavailable_unless_answered(part: str) -> Generator[None]:
    """Any failure of an AWS call inside becomes Unavailable, its cause attached for the log; a right
    that is missing becomes NotAllowed."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _DENIALS:
            raise NotAllowed(f"{part} may not be used by this function") from error
        raise Unavailable(f"{part} did not answer as it should; send it again") from error
    except BotoCoreError as error:
        raise Unavailable(f"{part} did not answer as it should; send it again") from error


def client_config(timeout_ms: int | None = None) -> Config:
    """How a client waits and tries again; see `_client`."""
    from botocore.config import Config  # noqa: PLC0415 - see above

    patient = timeout_ms is None
    return Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS if patient else timeout_ms / 1000,
        read_timeout=_READ_TIMEOUT_SECONDS if patient else timeout_ms / 1000,
        retries={"total_max_attempts": 3 if patient else 1, "mode": "standard"},
        max_pool_connections=MAX_CONCURRENT_CALLS,
        tcp_keepalive=True,
        parameter_validation=False,  # a tenth of a call's CPU; the types are checked before deploy
    )


@contextmanager
def _uncollected() -> Generator[None]:
    """Without garbage collection: botocore makes many objects that stay, and looking through them
    time and again takes a fifth of a start. From then on they are looked at no more."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@cache
def _session() -> Session:
    from botocore.loaders import Loader  # noqa: PLC0415 - see above
    from botocore.session import Session  # noqa: PLC0415 - see above

    class OurServices(Loader):
        """Botocore's own reads the folders of all its 400 services, twice, to learn what there is."""

        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the base's
            return list(_SERVICES)

    session = Session()
    session.register_component("data_loader", OurServices())
    return session


def _client(service: str, region: str, timeout_ms: int | None) -> BaseClient:
    """A patient client backs off as botocore does. A hasty one works for a request with a deadline:
    it tries nothing when that is spent, and once more, almost at once, if enough of it is left.
    botocore's first back-off alone may take a second."""
    config = client_config(timeout_ms)
    client = _session().create_client(service, region_name=region, config=config)
    if timeout_ms is not None:
        # The type stubs know no handler that returns a value, which this event asks for.
        handler = cast("Callable[..., None]", _retry_once)
        client.meta.events.register(f"needs-retry.{service}", handler)
        client.meta.events.register(f"before-send.{service}", _refuse_when_spent)
    return client


def _refuse_when_spent(**_: object) -> None:
    """botocore's event `before-send`. Raises Unavailable: nobody would hear the answer."""
    if seconds_left() <= 0:
        raise Unavailable("the request's deadline is spent; send it again")


def _retry_once(
    attempts: int,
    response: tuple[Any, dict[str, Any]] | None,
    caught_exception: Exception | None,
    **_: object,
) -> float | None:
    """The seconds to wait before the second attempt; None: there is none.

    botocore's event `needs-retry`; `response` is (HTTP response, parsed response) or None.
    """
    if attempts > 1 or seconds_left() < HASTY_RETRY_DELAY_SECONDS + MIN_RETRY_SECONDS:
        return None
    if caught_exception is not None:
        return HASTY_RETRY_DELAY_SECONDS
    if response is None:
        return None
    http_response, parsed = response
    code = parsed.get("Error", {}).get("Code")
    is_transient = http_response.status_code in _RETRYABLE_STATUS or code in _THROTTLES
    return HASTY_RETRY_DELAY_SECONDS if is_transient else None
