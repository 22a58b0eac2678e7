"""The environment: typed where it is right, a clear error where it is not."""

from pathlib import Path

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


def test_lists_come_from_the_file_of_the_archive(tmp_path: Path) -> None:
    lists = tmp_path / "lists.json"
    lists.write_text('{"tokens": ["SOL", "BONK=DezX"], "allowedOrigins": ["https://app.example"]}')

    environment = Environment({"LISTS_PATH": str(lists)})

    assert environment.tokens == {"SOL", "DezX"}
    assert environment.symbols == {"BONK": "DezX"}
    assert environment.allowed_origins == {"https://app.example"}


def test_archive_without_its_lists_serves_nothing_at_all(tmp_path: Path) -> None:
    """Without the list every token would be served."""
    with pytest.raises(MisconfiguredError, match=r"gone\.json cannot be read.*pulumi up"):
        _ = Environment({"LISTS_PATH": str(tmp_path / "gone.json")}).tokens


@pytest.mark.parametrize(("flag", "paths"), [("true", {"aws", "edge"}), ("false", {"aws"})])
def test_until_the_routes_are_read_the_flag_counts_and_nothing_is_lost(
    flag: str, paths: set[str]
) -> None:
    assert Environment({"USE_EDGE_BROADCAST": flag}).policy.paths("SOL") == paths


def test_optional_variables_have_defaults() -> None:
    environment = Environment({"HELIUS_WEBHOOK_SECRET": "s"})

    assert (environment.tokens, environment.allowed_origins) == (frozenset(), frozenset())
    assert environment.helius_webhook_secrets == ("s",)
    assert environment.call_timeout_ms == 200
    assert not environment.origin_is_required
