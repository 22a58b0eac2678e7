"""docs/configuration.md agrees with the settings."""

from components.settings.page import COMMAND, configuration_page, grouped_keys
from components.settings.table import FIELDS
from workspace.paths import REPOSITORY


def test_page_is_made_from_the_settings() -> None:
    page = (REPOSITORY / "docs" / "configuration.md").read_text()

    assert page == configuration_page(), f"the settings have changed. Run: {COMMAND}"


def test_every_key_is_in_one_group() -> None:
    groups = dict(grouped_keys())

    assert sorted(key for keys in groups.values() for key in keys) == sorted(FIELDS)
    assert groups["Functions, logs and alarms"] == [
        *("alarmEmail", "alarms", "alarms.awsLatencyMs", "alarms.edgeLatencyMs"),
        "alarms.holeCheckMinutes",
        *("alarms.monthlyBudgetUsd", "alarms.noTradeMinutes", "alarms.runbookUrl"),
        *("kms", "kmsPrevious", "lambdaArchitecture", "lambdaMemoryMb", "lambdaRuntime"),
        *("lambdaSystem", "logRetentionDays", "protect", "tracing"),
    ]


def test_every_row_has_its_four_cells() -> None:
    rows = [line for line in configuration_page().splitlines() if line.startswith("| `")]

    assert len(rows) == len(FIELDS)
    assert all(row.count(" | ") == 3 and ". | `pulumi config set " in row for row in rows)
