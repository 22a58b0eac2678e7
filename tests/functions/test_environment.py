"""The environment: typed where it is right, a clear error where it is not."""

import pytest

from functions.environment import Environment, MisconfiguredError


def test_missing_variable_is_named_with_the_remedy_when_it_is_read() -> None:
    with pytest.raises(MisconfiguredError, match=r"PRICES_TABLE is not set.*pulumi up"):
        _ = Environment({}).prices_table


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "abc", "٣"])
def test_number_must_be_whole_and_above_zero(text: str) -> None:
    with pytest.raises(MisconfiguredError, match="CALL_TIMEOUT_MS"):
        _ = Environment({"CALL_TIMEOUT_MS": text}).call_timeout_ms


def test_flag_must_be_true_or_false() -> None:
    with pytest.raises(MisconfiguredError, match="USE_EDGE_BROADCAST"):
        _ = Environment({"USE_EDGE_BROADCAST": "yes"}).edge_is_on


def test_lists_ignore_blanks_and_optional_ones_have_defaults() -> None:
    environment = Environment({"TOKENS": " SOL, ,BONK=DezX", "HELIUS_WEBHOOK_SECRET": "s"})

    assert environment.tokens == {"SOL", "DezX"}
    assert environment.symbols == {"BONK": "DezX"}
    assert environment.allowed_origins == frozenset()
    assert environment.helius_webhook_secrets == ("s",)
    assert environment.call_timeout_ms == 200
    assert not environment.origin_is_required
