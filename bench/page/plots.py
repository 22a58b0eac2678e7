"""The pictures of the page, drawn by pygal from the results: the same results give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from bench.recorded import Result
from bench.report import Report

Results = Mapping[str, Result]
Value = float | None

# pygal has no types.
_PYGAL: Final[Any] = import_module("pygal")
_STYLE: Final[Any] = import_module("pygal.style")
_ETREE: Final[Any] = import_module("pygal.etree").etree

_COLORS: Final = ("#2f6fdb", "#e08a1e", "#4a9d5b", "#8a8f98")
_FONT: Final = "system-ui, sans-serif"
NOT_MEASURED: Final = "\N{EN DASH}"

_DECADES: Final = (1, 10, 100, 1_000)
_ROOM_CLIENTS: Final = (10, 100, 1_000, 5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Bars. `kind` is pygal's class; `series` are values by name, one for each of `labels`."""

    title: str
    kind: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[Value]]
    logarithmic: bool = False


def fan_out(results: Results) -> Plot:
    report = results["fan-out"].reports[0]
    values = numbers(report, "posts/s")
    return Plot(
        title="Posts a second to 1,000 connections",
        kind="HorizontalBar",
        labels=[row[0] for row in report.rows],
        series={"posts/s": values},
    )


def latency(results: Results) -> Plot:
    result = results["room-pause"]
    of_clients = [
        result.report(f"{clients} clients, 20 updates/s, frames of 50 ms")
        for clients in _ROOM_CLIENTS
    ]
    return Plot(
        title="Post to client, ms, 20 updates a second (logarithmic)",
        kind="Bar",
        labels=[f"{clients:,} clients" for clients in _ROOM_CLIENTS],
        series={
            f"{row.removesuffix(' ms')}, {which}": [
                _cell(report, row, column=which) for report in of_clients
            ]
            for row in ("p50 ms", "p99 ms")
            for which in ("ours", "bare")
        },
        logarithmic=True,
    )


def memory(results: Results) -> Plot:
    report = results["connection-memory"].reports[0]
    return Plot(
        title="KiB of a connection, with 5,000 of them",
        kind="HorizontalBar",
        labels=[row[0] for row in report.rows],
        series={"KiB": numbers(report, "KiB")},
    )


def cost(results: Results) -> Plot:
    report = results["market-cost"].reports[0]
    rates = list(dict.fromkeys(row[0] for row in report.rows))
    dollars = dict(
        zip(
            [(row[0], row[1].partition(",")[0]) for row in report.rows],
            numbers(report, "$ per million trades"),
            strict=True,
        )
    )
    return Plot(
        title="DynamoDB, $ per million trades",
        kind="Bar",
        labels=[f"{rate} trades/s of a token" for rate in rates],
        series={
            part: [dollars.get((rate, part)) for rate in rates] for part in ("store", "candles")
        },
    )


PLOTS: Final[Mapping[str, Callable[[Results], Plot]]] = {
    "fan-out": fan_out,
    "latency": latency,
    "memory": memory,
    "cost": cost,
}


def numbers(report: Report, column: str) -> list[Value]:
    """The column's cells. Raises ValueError if there is none of that name."""
    index = list(report.header).index(column)
    return [_number(row[index]) for row in report.rows]


def svg(plot: Plot) -> str:
    """The picture. Without scripts, which a page that shows it as an image would not run."""
    _ETREE.to_etree()  # what pygal writes by lxml differs, where that is installed
    style = _STYLE.Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground="#24292f",
        foreground_strong="#24292f",
        foreground_subtle="#d0d7de",
        guide_stroke_color="#d0d7de",
        major_guide_stroke_color="#d0d7de",
        colors=_COLORS,
        font_family=_FONT,
        title_font_size=16,
        label_font_size=12,
        legend_font_size=12,
        value_font_size=11,
        value_colors=("#24292f",) * len(_COLORS),
    )
    chart = getattr(_PYGAL, plot.kind)(
        width=760,
        height=120 + 45 * len(plot.labels) if plot.kind == "HorizontalBar" else 380,
        style=style,
        js=[],
        show_legend=len(plot.series) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(plot.series),
        print_values=True,
        print_values_position="top" if plot.kind == "Bar" else "center",
        truncate_label=-1,
        logarithmic=plot.logarithmic,
        y_labels=_DECADES if plot.logarithmic else None,
        range=(_DECADES[0], _DECADES[-1]) if plot.logarithmic else None,
        zero=_DECADES[0] if plot.logarithmic else 0,
        formatter=_shown,
    )
    chart.uuid = "plot"  # else a random one
    chart.title = plot.title
    chart.x_labels = plot.labels
    for name, values in plot.series.items():
        chart.add(name, values)
    chart.add_xml_filter(_bare)
    return chart.render(is_unicode=True).rstrip() + "\n"


def _bare(root: Any) -> Any:  # noqa: ANN401  pygal has no types
    """Without scripts, and without the comment that holds the day of its making."""
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.endswith("script"):
                parent.remove(child)
    return root


def _cell(report: Report, row: str, *, column: str) -> Value:
    return dict(zip((each[0] for each in report.rows), numbers(report, column), strict=True))[row]


def _shown(value: float) -> str:
    return f"{value:,.6g}"


def _number(text: str) -> Value:
    return None if text == NOT_MEASURED else float(text.replace(",", ""))
