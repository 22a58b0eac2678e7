"""`ops cost`: what it prints, and how it ends."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from components.settings.load import parse_settings
from ops.cli import app
from ops.cost.command import counted
from ops.cost.prices import PRICES_FILE
from ops.errors import OpsError

MINT = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
REQUIRED = {"HeliusApiKey": "a-key-of-helius-for-the-tests"}


def _cost(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["cost", *arguments], env={"COLUMNS": "80"})


def _json(*arguments: str) -> Any:
    return json.loads(_cost("--json", *arguments).stdout)


def test_json_has_both_paths_whose_parts_make_the_whole() -> None:
    answer = _json("--users", "2000", "--updates-per-second", "0.5")

    assert answer["load"]["users"] == 2_000
    assert list(answer["paths"]) == ["aws", "edge"]
    for of_path in answer["paths"].values():
        assert sum(of_path["services"].values()) == pytest.approx(of_path["usd"])
        assert sum(line["usd"] for line in of_path["lines"]) == pytest.approx(of_path["usd"])
        assert all(line["source"] for line in of_path["lines"])
    assert answer["breakEven"]["cheaperBelow"] == "aws"


def test_one_path_alone_has_no_break_even_point() -> None:
    answer = _json("--path", "edge")

    assert list(answer["paths"]) == ["edge"]
    assert answer["breakEven"] is None


def test_every_option_changes_the_bill() -> None:
    plain = _json()

    for changed in (
        ["--users", "2000"],
        ["--hours-online", "12.5"],
        ["--sessions", "3"],
        ["--tokens-per-user", "2"],
        ["--tokens", "200"],
        ["--updates-per-second", "0.5"],
    ):
        assert _json(*changed)["paths"]["aws"]["usd"] != plain["paths"]["aws"]["usd"], changed


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--users", "100000"], 0),  # the edge carries it
        (["--users", "100000", "--path", "edge"], 0),
        (["--users", "100000", "--path", "aws"], 3),
        (["--updates-per-second", "11"], 3),  # 1,100 webhooks a second
        (["--users", "0"], 2),
        (["--hours-online", "24.01"], 2),
        (["--hours-online", "many"], 2),
        (["--updates-per-second", "NaN"], 2),
        (["--updates-per-second", "-1"], 2),
        (["--sessions", "Infinity"], 2),
        (["--tokens", "3", "--tokens-per-user", "4"], 2),
        (["--path", "both"], 2),
    ],
)
def test_exit_code_says_whether_the_load_is_carried(arguments: Sequence[str], code: int) -> None:
    assert _cost(*arguments).exit_code == code


def test_verdicts_say_what_breaks_and_what_to_do() -> None:
    words = " ".join(_cost("--users", "100000").stdout.split())

    assert "aws does not carry this load: 100,032.62 posts/s to clients of 4,000" in words
    assert "then set accountRequestsPerSecond" in words
    assert "edge carries this load" in words


def test_each_line_is_explained_when_that_is_asked_for() -> None:
    words = " ".join(_cost("--users", "100000", "--explain").stdout.split())

    assert "4,320 M × $0.25 per M = $1,080.00" in words  # noqa: RUF001
    assert "10,240 × $0.09 + 40,960 × $0.085 + 47,296 × $0.07 = $7,713.92" in words  # noqa: RUF001
    assert "3 × Business $499 = $1,497.00" in words  # noqa: RUF001


def test_list_that_is_too_old_is_warned_about_beside_the_answer(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps({**json.loads(PRICES_FILE.read_text()), "collected": "2024-11-01"}))

    done = _cost("--json", "--prices", str(old))

    assert done.exit_code == 0
    assert (
        f"(2024-11-01). Look them up again, at the `source` of each, and set `collected`: {old}"
        in (done.stderr)
    )
    assert json.loads(done.stdout)["prices"]["collected"] == "2024-11-01"


def test_list_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    done = _cost("--prices", str(tmp_path / "none.json"))

    assert done.exit_code == 1
    assert isinstance(done.exception, OpsError)


def test_prices_of_another_list_are_billed(tmp_path: Path) -> None:
    content = json.loads(PRICES_FILE.read_text())
    content["prices"]["alarms"]["tiers"] = [{"usd": "1000"}]
    dear = tmp_path / "dear.json"
    dear.write_text(json.dumps(content))

    assert _json("--prices", str(dear))["paths"]["aws"]["services"]["CloudWatch"] > 14_000


def test_small_figures_are_shown_as_they_were_given() -> None:
    assert "updates/s of a token: 0.001." in " ".join(
        _cost("--updates-per-second", "0.001").stdout.split()
    )


@pytest.mark.parametrize(
    ("config", "figures"),
    [
        ({}, (100, False)),
        ({"tokens": json.dumps({"A": MINT, "B": "B_TOKEN"}), "kms": "true"}, (2, True)),
        ({"kms": "false"}, (100, False)),
    ],
)
def test_stack_says_how_many_tokens_it_has(
    config: dict[str, str], figures: tuple[int, bool]
) -> None:
    settings = parse_settings({**REQUIRED, **config}, secrets=REQUIRED, stack="dev")

    assert counted(settings, tokens=100, kms=False) == figures
