"""`python -m bench.page`: make docs/performance.md and its pictures anew from bench/results/."""

from bench.page.pages import files
from workspace.paths import REPOSITORY

if __name__ == "__main__":
    for path, content in files().items():
        file = REPOSITORY / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
