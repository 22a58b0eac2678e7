"""The commands behind the Makefile's targets."""

import json
import os
import shutil
import sys
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console

from local.borrowed import run_beside
from local.clients import Endpoints
from local.cloud import MINISTACK_LOCK, STAND_INS, LocalCloud
from local.demo import run_demo
from local.errors import NotStreamedError
from local.migrate import ROUTING as MIGRATION_ROUTING
from local.migrate import run_migration
from local.progress import CONSOLE, step
from local.shell import shell_variables
from local.stack import FLAG, ROUTING, LocalStack
from local.stream import run_stream
from local.toggle import run_toggle
from local.toolchain.browser import ensure_browser
from local.toolchain.node import node_environment, npm_command
from local.toolchain.plugin import ensure_cloudflare_plugin
from local.trades import SIMPLE_TOKEN
from local.turn import exclusive
from workspace.errors import WorkspaceError
from workspace.paths import MAIN_CONFIG, MAIN_ROOT, REPOSITORY
from workspace.toolchain import pulumi_folder
from workspace.venv import ensure_venv

PICTURE: Final = REPOSITORY / "docs" / "page.png"

app: Final = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

# For a command whose arguments are another program's, `--help` too.
PASSES_ARGUMENTS: Final[dict[str, object]] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


class Providers(StrEnum):
    """Who carries out what the engine asks for."""

    STAND_IN = "stand-in"
    REAL = "real"


ProvidersOption = Annotated[
    Providers,
    typer.Option(
        envvar="PROVIDERS",
        help="Local stand-ins, or the real plugin for Cloudflare. For AWS always the stand-in.",
    ),
]


def main() -> None:
    """Run a command; what failed is said in words, without a traceback."""
    try:
        app()
    except WorkspaceError as error:
        CONSOLE.print(str(error), style="red", markup=False)
        sys.exit(1)


@app.command()
def prepare() -> None:
    """Get what is not among the Python packages: the Pulumi CLI, the emulator."""
    with step("Pulumi CLI") as current:
        current.note(str(pulumi_folder(current.say)))
    with step("AWS emulator"):
        ensure_venv(MINISTACK_LOCK)


@app.command()
def prepare_tests() -> None:
    """Get what the tests need, which is a browser besides."""
    prepare()
    with step("Browser"):
        ensure_browser()


@app.command()
def up(providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Start the local cloud, deploy stack `local` on it and show it working."""
    with exclusive(MAIN_ROOT, "make up"):
        prepare()
        stack = _stack(providers)
        if providers is Providers.REAL:
            with step("Cloudflare plugin") as current:
                ensure_cloudflare_plugin(current.note)
        with step("Local cloud") as current:
            stack.cloud.start(current.say)
            current.note(stack.cloud.aws_url)
        with step("Stack local"):
            stack.prepare()
        with step("Deploy") as current:
            output = stack.up(lambda line: current.note(line.lstrip("@ .")))
            current.note(_summary(output))
    try:
        _demo(stack)
    except NotStreamedError as error:  # it is deployed as its config says, which is what was asked
        CONSOLE.print(str(error), style="yellow", markup=False)


@app.command()
def demo(providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Send two trades through the stack and print what a client hears."""
    stack = _stack(providers)
    stack.cloud.require_running()
    _demo(stack)


@app.command()
def trades(
    token: Annotated[str, typer.Argument(help="Whose trades.")] = SIMPLE_TOKEN,
    per_second: Annotated[float, typer.Option(min=0.1, max=200, help="How many a second.")] = 5,
    count: Annotated[
        int | None, typer.Option(min=1, help="How many; without end if unset.")
    ] = None,
    providers: ProvidersOption = Providers.STAND_IN,
) -> None:
    """Send a stream of made-up trades through the stack, until Ctrl-C."""
    run_stream(_running(providers), token=token, per_second=per_second, count=count)


@app.command()
def picture(providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Take the README's picture: the test page of the running stack, with trades coming in."""
    from local.picture import take_picture  # noqa: PLC0415  selenium is not among the tools' packages

    endpoints = _running(providers)
    ensure_browser()
    with step("Picture") as current:
        take_picture(endpoints, PICTURE)
        current.note(str(PICTURE.relative_to(REPOSITORY)))


@app.command()
def toggle(providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Switch to the other path and back by `pulumi up`; show what each path's client heard."""
    stack = _stack(providers)
    stack.cloud.require_running()

    def set_flag(is_on: bool) -> None:
        value = str(is_on).lower()
        with step(f"USE_EDGE_BROADCAST {value}") as current:
            stack.config_set(FLAG, value)
            current.note(_summary(stack.up(current.note)))

    with exclusive(MAIN_ROOT, "make toggle"):
        run_toggle(
            stack.endpoints(),
            Console(),
            edge_is_on=_edge_is_on(stack),
            set_flag=set_flag,
        )


@app.command()
def migrate_demo(providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Move five tokens to the edge and back, step by step, under load; count what clients hear."""
    stack = _stack(providers)
    stack.cloud.require_running()
    before = {key: stack.config_get(key) for key in (FLAG, ROUTING)}

    def deploy(percent: int) -> None:
        with step(f"edgePercent {percent}") as current:
            stack.config_set(ROUTING, json.dumps(MIGRATION_ROUTING | {"edgePercent": percent}))
            current.note(_summary(stack.up(current.note)))

    with exclusive(MAIN_ROOT, "make migrate-demo"):
        stack.config_set(FLAG, "true")
        try:
            run_migration(stack.endpoints(), Console(), deploy=deploy)
        finally:
            for key, value in before.items():
                stack.config_set(key, value)
        with step("Routing as before") as current:
            current.note(_summary(stack.up(current.note)))


@app.command()
def outputs() -> None:
    """Print the stack's outputs as one JSON object, secrets masked."""
    stack = _stack(Providers.STAND_IN)
    everything = stack.outputs() | {"LocalWebhookKey": stack.webhook_key()}
    typer.echo(json.dumps(everything, indent=2))


@app.command()
def env() -> None:
    """Print shell variables for the README's commands: eval "$(make env)"."""
    typer.echo(shell_variables(_running(Providers.STAND_IN)))


@app.command()
def down() -> None:
    """Stop the local cloud. The next `up` deploys into an empty one."""
    with exclusive(MAIN_ROOT, "make down"):
        _stop()


@app.command()
def reset() -> None:
    """Stop the local cloud and forget its state and configuration; caches stay."""
    with exclusive(MAIN_ROOT, "make reset"):
        _stop()
        with step("Forget its state"):
            shutil.rmtree(MAIN_ROOT, ignore_errors=True)
            MAIN_CONFIG.unlink(missing_ok=True)


@app.command(context_settings=PASSES_ARGUMENTS)
def pulumi(context: typer.Context, providers: ProvidersOption = Providers.STAND_IN) -> None:
    """Run any Pulumi command on stack `local`, with its backend, passphrase and providers."""
    stack = _stack(providers)
    stack.cloud.require_running()
    stack.clear_dead_locks()
    os.execvpe("pulumi", ["pulumi", *context.args], stack.environment)  # noqa: S606, S607


@app.command(context_settings=PASSES_ARGUMENTS)
def run(context: typer.Context) -> None:
    """Run any command beside the local cloud, which is started for it if it does not run."""
    sys.exit(run_beside(_stack(Providers.STAND_IN), context.args))


@app.command(context_settings=PASSES_ARGUMENTS)
def npm(context: typer.Context) -> None:
    """Run npm, with the Node of the Python packages."""
    command = npm_command(*context.args)
    os.execve(command[0], command, node_environment())  # noqa: S606  our own command, no shell


def _stack(providers: Providers) -> LocalStack:
    cloud = LocalCloud(
        MAIN_ROOT, stand_ins=STAND_INS if providers is Providers.STAND_IN else ("aws",)
    )
    return LocalStack(cloud, config_file=MAIN_CONFIG)


def _stop() -> None:
    with step("Stop the local cloud"):
        _stack(Providers.STAND_IN).cloud.stop()


def _running(providers: Providers) -> Endpoints:
    stack = _stack(providers)
    stack.cloud.require_running()
    return stack.endpoints()


def _demo(stack: LocalStack) -> None:
    run_demo(stack.endpoints(), Console())


def _edge_is_on(stack: LocalStack) -> bool:
    return stack.config_get(FLAG) == "true"


def _summary(output: str) -> str:
    """Return the counts of the CLI's closing lines: `61 created`, `61 unchanged`."""
    lines = [line.strip(" +-~") for line in output.partition("Resources:")[2].splitlines()]
    counts = [line for line in lines if line[:1].isdigit()]
    return ", ".join(counts)
