"""All files of the page, by their path in the repository."""

from typing import Final

from bench.page.plots import PLOTS, svg
from bench.page.render import FOLDER, TEXT, page
from bench.recorded import read_all

COMMAND: Final = "make performance"


def files() -> dict[str, str]:
    results = read_all()
    plots = {name: plot(results) for name, plot in PLOTS.items()}
    titles = {name: plot.title for name, plot in plots.items()}
    return {
        "docs/performance.md": page(TEXT.read_text(), results, titles),
        **{f"docs/{FOLDER}/{name}.svg": svg(plot) for name, plot in plots.items()},
    }
