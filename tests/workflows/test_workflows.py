"""Rules for every workflow. The scanners run without a token and without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.jobs import WORKFLOWS, all_jobs, read_workflow
from workspace.paths import REPOSITORY, cache_folder
from workspace.toolchain.go_build import find_go

ACTIONLINT_MODULE = Path(__file__).parent / "actionlint"
JOBS = all_jobs()
CHECKOUT = "actions/checkout@"
MAIN = {"branches": ["main"]}
STACKS = {"preview/stack": "Preview", "deploy/stack": "Deploy", "drift/stack": "Look for drift"}
"""The jobs that reach the clouds, and the step of each that does."""


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """Build actionlint with Go. Its package on PyPI downloads a release from GitHub at install time."""
    version = re.search(r"rhysd/actionlint (v[\d.]+)", (ACTIONLINT_MODULE / "go.mod").read_text())
    assert version is not None
    program = cache_folder() / f"actionlint-{version[1]}" / "actionlint"
    if not program.exists():
        subprocess.run(
            [find_go(), "build", "-o", program, "github.com/rhysd/actionlint/cmd/actionlint"],
            cwd=ACTIONLINT_MODULE,
            env=os.environ | {"GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"},
            check=True,
        )
    return program


@pytest.mark.timeout(300)
def test_actionlint_finds_nothing(actionlint: Path) -> None:
    # It would also run linters that it finds on PATH. Without them every machine gets one result.
    command = [actionlint, "-no-color", "-shellcheck=", "-pyflakes=", *WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    options = ["--offline", "--no-config", "--no-progress", "--persona=auditor"]
    command = [zizmor, *options, "--strict-collection", REPOSITORY / ".github"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_pull_requests_are_checked_and_previewed() -> None:
    triggers = {file.stem: set(read_workflow(file)["on"]) for file in WORKFLOWS}

    assert {name for name, on in triggers.items() if "pull_request" in on} >= {"check", "preview"}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_no_trigger_brings_secrets_to_a_fork(file: Path) -> None:
    triggers = read_workflow(file)["on"]

    assert set(triggers) <= {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert triggers.get("push", MAIN)["branches"] == ["main"]
    assert "pull_request_target" not in file.read_text()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_commit_beside_its_version(file: Path) -> None:
    uses = re.findall(r"uses:.*", file.read_text())

    assert uses
    for line in uses:
        assert re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_nothing_is_permitted_but_by_a_job(file: Path) -> None:
    workflow = read_workflow(file)

    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"].startswith(f"{file.stem}-")


@pytest.mark.parametrize("name", JOBS)
def test_every_job_says_what_it_may_and_for_how_long(name: str) -> None:
    job = JOBS[name]

    assert job["permissions"]["contents"] == ("write" if name == "release/release" else "read")
    assert job["timeout-minutes"] <= 45
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith(CHECKOUT)]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


def test_credentials_are_for_branches_of_this_repository_alone() -> None:
    trusted, local = JOBS["preview/stack"], JOBS["preview/local"]

    assert trusted["if"].startswith(
        "github.event.pull_request.head.repo.full_name == github.repository &&"
    )
    assert local["if"] == f"!({trusted['if']})"
    for job in (local, JOBS["check/check"], JOBS["release/package"]):
        assert job["permissions"] == {"contents": "read"}
        assert "environment" not in job
        assert not re.search(r"secrets\.|vars\.|github\.token|GITHUB_TOKEN", str(job))


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("preview/stack", {"name": "preview-${{ matrix.stack }}", "deployment": False}),
        ("deploy/stack", "${{ matrix.stack }}"),
        ("drift/stack", {"name": "drift-${{ matrix.stack }}", "deployment": False}),
    ],
)
def test_each_stack_waits_at_an_environment_of_its_own(name: str, environment: object) -> None:
    job = JOBS[name]

    assert job["strategy"]["matrix"] == {"stack": ["dev", "prod"]}
    assert job["environment"] == environment


def test_prod_is_deployed_after_dev_and_never_at_the_same_time_as_another() -> None:
    job = JOBS["deploy/stack"]

    assert (job["strategy"]["fail-fast"], job["strategy"]["max-parallel"]) == (True, 1)
    assert job["concurrency"]["group"] == "deploy-stack-${{ matrix.stack }}"
    assert job["concurrency"]["cancel-in-progress"] is False
    checkout = next(step for step in job["steps"] if step.get("uses", "").startswith(CHECKOUT))
    assert checkout["with"]["fetch-depth"] == 0


def test_drift_is_looked_for_on_main_alone() -> None:
    assert JOBS["drift/stack"]["if"] == "github.ref == 'refs/heads/main'"


@pytest.mark.parametrize("name", STACKS)
def test_keys_reach_one_step_alone_and_none_lives_long(name: str) -> None:
    steps = JOBS[name]["steps"]
    seeing = {
        str(step.get("name"))
        for step in steps
        if re.search(r"role\.outputs|secrets\.CLOUDFLARE_API_TOKEN \}", str(step.get("env")))
    }

    assert seeing == {STACKS[name]}
    role = next(step["with"] for step in steps if step.get("id") == "role")
    assert role["output-env-credentials"] is False
    assert not {"aws-access-key-id", "aws-secret-access-key"} & set(role)
