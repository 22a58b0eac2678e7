"""Draws the dashboard as it is declared: its panels, their lines and their limits. It has no data.

`python -m tests.stack.dashboard_picture > docs/dashboard.svg` writes the picture.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from tests.stack.recording import deploy

COMMAND: Final = "python -m tests.stack.dashboard_picture > docs/dashboard.svg"

_STACK: Final = "glow-prod"
_COLUMN: Final = 50
_ROW: Final = 32
_GAP: Final = 4
_LINE: Final = 12
_LEGEND_ROWS: Final = 4
"""As many fit under a graph; more stand in two columns."""
_COLOURS: Final = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"),
    *("#17becf", "#aec7e8", "#ffbb78", "#98df8a"),
)
_LIMIT: Final = "#d13212"
_STYLE: Final = (
    "text{font-family:sans-serif;font-size:10px;fill:#16191f}"
    ".heading{font-size:16px;font-weight:bold}.title{font-size:12px;font-weight:bold}"
    f".limit{{fill:{_LIMIT}}}"
)

Widget = Mapping[str, Any]


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width


def picture_of(widgets: Sequence[Widget]) -> str:
    """An SVG of the widgets of a dashboard's body."""
    width = _COLUMN * max(each["x"] + each["width"] for each in widgets)
    height = _ROW * max(each["y"] + each["height"] for each in widgets)
    drawn = [part for each in widgets for part in _widget(each)]
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#f2f3f3"/>',
        *drawn,
        "</svg>\n",
    )
    return "\n".join(parts)


def _widget(widget: Widget) -> Iterator[str]:
    box = Box(
        widget["x"] * _COLUMN + _GAP,
        widget["y"] * _ROW + _GAP,
        widget["width"] * _COLUMN - 2 * _GAP,
        widget["height"] * _ROW - 2 * _GAP,
    )
    properties = widget["properties"]
    if widget["type"] == "text":
        yield _text(properties["markdown"].lstrip("# "), box.x + 4, box.bottom - 5, "heading")
        return
    yield _rectangle(box, fill="#ffffff", stroke="#d5dbdb")
    yield _text(properties["title"], box.x + 8, box.y + 16, "title")
    if widget["type"] == "alarm":
        yield from _alarms(properties["alarms"], box)
    else:
        yield from _graph(properties, box)


def _alarms(arns: Sequence[str], box: Box) -> Iterator[str]:
    """A chip for each, in columns."""
    columns, height = 6, 20
    width = (box.width - 16) / columns
    for number, arn in enumerate(arns):
        row, column = divmod(number, columns)
        chip = Box(box.x + 8 + column * width, box.y + 24 + row * height, width - 4, height - 4)
        yield _rectangle(chip, fill="#eafaf1", stroke="#1d8102")
        name = arn.rpartition(":")[2].removeprefix(f"{_STACK}-")
        yield _text(name, chip.x + 5, chip.y + 12)


def _graph(properties: Mapping[str, Any], box: Box) -> Iterator[str]:
    lines = [line[-1]["label"] for line in properties["metrics"]]
    legend_rows = len(lines) if len(lines) <= _LEGEND_ROWS else -(-len(lines) // 2)
    plot = Box(
        box.x + 12,
        box.y + 26,
        box.width - 24,
        box.height - 38 - legend_rows * _LINE,
    )
    yield _path(f"M{plot.x:g} {plot.y:g}V{plot.bottom:g}H{plot.right:g}", "#879596")
    yield from _limits(properties["annotations"]["horizontal"], plot)
    for number, label in enumerate(lines):
        column, row = divmod(number, legend_rows)
        x = plot.x + column * plot.width / 2
        y = plot.bottom + 14 + row * _LINE
        yield _rectangle(Box(x, y - 7, 8, 8), fill=_COLOURS[number % len(_COLOURS)])
        yield _text(label, x + 12, y)


def _limits(limits: Sequence[Mapping[str, Any]], plot: Box) -> Iterator[str]:
    """Lines in proportion: the highest is drawn in the upper part."""
    by_value: dict[float, list[str]] = {}
    for limit in limits:
        by_value.setdefault(limit["value"], []).append(limit["label"])
    highest = max(by_value, default=0)
    for value, labels in by_value.items():
        share = 0.7 * value / highest if highest else 0
        y = plot.bottom - share * plot.height
        yield _path(f"M{plot.x:g} {y:g}H{plot.right:g}", _LIMIT, dashes="5 3")
        words = labels[0] if len(labels) == 1 else f"each: {labels[0].partition(' ')[2]}"
        yield _text(words, plot.x + 6, y - 4, "limit")


def _text(words: str, x: float, y: float, kind: str | None = None) -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{named}>{escape(words)}</text>'


def _rectangle(box: Box, *, fill: str, stroke: str | None = None) -> str:
    edge = f' stroke="{stroke}"' if stroke else ""
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
        f' fill="{fill}"{edge}/>'
    )


def _path(steps: str, stroke: str, *, dashes: str | None = None) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{steps}" fill="none" stroke="{stroke}"{dashed}/>'


def declared_widgets() -> Sequence[Widget]:
    """Those of stack `prod` with every alarm."""
    deployment = deploy(
        config={"alarms": '{"noTradeMinutes": 10}', "routing": '{"autoRollback": true}'}
    )
    return json.loads(deployment.named("glow-monitoring-dashboard").inputs["dashboardBody"])[
        "widgets"
    ]


if __name__ == "__main__":
    sys.stdout.write(picture_of(declared_widgets()))
