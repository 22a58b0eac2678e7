"""Lambda takes 4 KB of environment: what is larger stops at preview, by name."""

import pulumi
import pytest

from components.aws.encryption import EncryptionKeys
from components.aws.environment_size import MAX_BYTES, size_problem
from components.aws.lambda_function import LambdaFunction, LambdaFunctionArgs, LambdaPlatform, Lists
from components.aws.log_groups import LeftBehind
from components.settings.groups import RuntimeSettings
from tests.stack.recording import deploy

FRAME = len('{"A":""}')


def _this_file(module: str, lists: Lists) -> pulumi.Archive:
    assert (module, lists) == ("prices", {})
    return pulumi.FileArchive(__file__)


def declare(**environment: pulumi.Input[str]) -> None:
    runtime = RuntimeSettings(
        runtime="python3.13",
        architecture="arm64",
        memory_mb=128,
        log_retention_days=1,
        is_traced=False,
    )
    platform = LambdaPlatform(
        name="glow",
        prefix="glow-dev",
        settings=runtime,
        code=_this_file,
        dependencies_arn="arn:layer",
        left_behind=LeftBehind("glow-dev", functions=()),
        keys=EncryptionKeys(current=None, previous=None),
    )
    args = LambdaFunctionArgs(
        module="prices",
        function_name="PriceApi",
        platform=platform,
        grants=(),
        environment=environment,
    )
    LambdaFunction("glow-prices", args)


def test_last_byte_fits_and_the_next_does_not() -> None:
    assert size_problem("f", {"A": "x" * (MAX_BYTES - FRAME)}) is None
    assert size_problem("f", {"A": "x" * (MAX_BYTES - FRAME + 1)}) is not None


def test_letters_of_more_than_a_byte_count_as_such() -> None:
    assert size_problem("f", {"A": "é" * (MAX_BYTES // 2)}) is not None


def test_problem_names_function_total_and_the_largest_variables() -> None:
    problem = size_problem("glow-dev-PriceApi", {"LONG": "x" * 3_000, "MID": "x" * 1_500, "S": "x"})

    assert problem is not None
    assert problem.startswith(
        "The environment of glow-dev-PriceApi has 4,528 bytes; Lambda takes 4,096. The largest"
        " variables: LONG 3,000, MID 1,500, S 1 bytes."
    )


def test_value_that_only_aws_knows_counts_as_long_as_it_may_get() -> None:
    almost_all = "x" * (MAX_BYTES - 100)

    assert size_problem("f", {"A": almost_all, "B": "short"}) is None
    assert size_problem("f", {"A": almost_all, "B": object()}) is not None


def test_preview_of_a_secret_that_does_not_fit_stops() -> None:
    def program() -> None:
        declare(PLAIN="x" * 2_000, SECRET=pulumi.Output.secret("y" * 2_100))

    with pytest.raises(pulumi.RunError, match=r"of glow-dev-PriceApi .* SECRET 2,100, PLAIN 2,000"):
        deploy(program=program)
