"""Pulumi's output as Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.report import REPORT_BYTES, cut_middle, write_report

TOGGLE = """Previewing update (dev):
  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:dev::glow::pulumi:pulumi:Stack::glow-dev]
        ~ aws:lambda/function:Function: (update)
            [id=glow-dev-HeliusPriceWebhook]
          ~ environment: {
              ~ variables: {
                  ~ USE_EDGE_BROADCAST: "false" => "true"
                }
            }
Resources:
    ~ 1 to update
    +-2 to replace
    60 unchanged
"""

NO_CHANGE = "Previewing update (dev):\n\nResources:\n    61 unchanged\n"


def test_headline_counts_what_changes() -> None:
    report = write_report("dev", TOGGLE, 0)

    assert report.startswith("### dev: 1 to update, 2 to replace, 60 unchanged\n")


def test_headline_says_that_nothing_changes() -> None:
    assert write_report("dev", NO_CHANGE, 0).startswith("### dev: no changes, 61 unchanged\n")


def test_failure_is_in_the_headline_and_unfolded() -> None:
    report = write_report("prod", "error: glow:HeliusApiKey is not set", 255)

    assert report.startswith("### prod: preview failed, exit code 255\n\n<details open>")
    assert "error: glow:HeliusApiKey is not set" in report


def test_signs_stand_where_github_colours_them() -> None:
    lines = write_report("dev", TOGGLE, 0).splitlines()

    assert '!                   USE_EDGE_BROADCAST: "false" => "true"' in lines
    assert "!     2 to replace" in lines


def test_dash_that_is_no_sign_stays_where_it_is() -> None:
    lines = write_report("dev", "    --outputs:--\n    -12\n", 0).splitlines()

    assert lines[5:7] == ["    --outputs:--", "    -12"]


def test_counts_that_a_program_prints_are_not_taken_for_the_clis() -> None:
    printed = "Resources:\n    7 to delete\n" + TOGGLE

    assert "7 to delete" not in write_report("dev", printed, 0).splitlines()[0]


def test_output_cannot_leave_its_block() -> None:
    report = write_report("dev", "a policy\n````\n</details> @everyone", 0)

    assert report.count("\n`````diff\n") == 1
    assert report.endswith("\n`````\n\n</details>\n")


def test_long_output_keeps_head_and_tail_and_says_what_is_left_out() -> None:
    lines = [f"    + resource {number}" for number in range(10_000)]

    report = write_report("dev", "\n".join([*lines, "Resources:", "    + 9 to create"]), 0)

    assert len(report.encode()) <= REPORT_BYTES
    assert "resource 0\n" in report
    assert "9 to create\n" in report
    shown = report.count(" resource ")
    assert f"… {10_000 - shown:,} lines left out: the log of this job has them …" in report


def test_one_huge_line_does_not_push_out_the_others() -> None:
    report = write_report("dev", "first\n" + "x" * 100_000 + "\nlast", 0)

    assert "first\n" in report
    assert "x … 99,500 characters more\nlast\n" in report
    assert "lines left out" not in report


@given(st.lists(st.text(max_size=900), max_size=200), st.integers(min_value=200, max_value=20_000))
def test_cut_text_is_never_over_its_limit(lines: list[str], limit: int) -> None:
    assert len(cut_middle("\n".join(lines), limit).encode()) <= limit


@pytest.mark.parametrize("output", ["", "\n", "no newline at the end"])
def test_odd_output_is_still_a_report(output: str) -> None:
    assert write_report("dev", output, 0).startswith("### dev: no changes\n")
