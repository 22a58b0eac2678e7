"""A change of a stack's config: shown as a preview, agreed to, carried out; else taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, cast

import typer

from components.settings.problems import NAMESPACE
from ops.errors import OpsError
from ops.preview import Say, run_preview
from workspace.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A key of the stack's own, and what it is to be; None: removed."""

    key: str
    value: str | None = field(repr=False)
    is_secret: bool = False


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Who changes the stack: hears what happens, and agrees to it or does not."""

    say: Say
    agrees: Callable[[], bool]


YesOption = Annotated[
    bool, typer.Option("--yes", help="Deploy without asking; the preview is shown all the same.")
]


def operator_at_terminal(question: str, *, yes: bool, as_json: bool) -> Operator:
    """Is told on stdout, or on stderr beside JSON, and asked `question` unless `yes`."""

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    return Operator(say=say, agrees=lambda: yes or typer.confirm(question, err=as_json))


def deploy_change(stack: Stack, settings: Sequence[Setting], operator: Operator) -> None:
    """Set `settings`, show the preview, and `up` if the operator agrees.

    Raises OpsError if the preview fails or the operator does not agree; config is then as before. An
    `up` that fails leaves it changed, because a part of the stack is.
    """
    with _taken_back_unless_agreed(stack, settings):
        for setting in settings:
            _set(stack, setting)
        if run_preview(stack, operator.say).exit_code != 0:
            raise OpsError("The preview failed, as printed above. Config is as it was.")
        if not operator.agrees():
            raise OpsError("Not agreed to. Nothing was changed, and config is as it was.")
    up(stack, operator.say)


def up(stack: Stack, say: Say, *, message: str | None = None) -> None:
    """Carry out what config and program say. Raises WorkspaceError.

    `message` names the update in the stack's history; None: the subject of the commit does.
    """
    named = () if message is None else ("--message", message)
    stack.run("up", "--yes", "--skip-preview", *named, note=say)


@contextmanager
def _taken_back_unless_agreed(stack: Stack, settings: Sequence[Setting]) -> Generator[None]:
    printed = stack.run("config", "--json", "--show-secrets")
    config = cast("Mapping[str, Mapping[str, object]]", json.loads(printed))
    with ExitStack() as undoing:
        for setting in settings:
            was = config.get(f"{NAMESPACE}:{setting.key}", {})
            value = was.get("value")
            before = Setting(
                key=setting.key,
                value=None if value is None else str(value),
                is_secret=bool(was.get("secret")),
            )
            undoing.callback(_set, stack, before)
        yield
        undoing.pop_all()


def _set(stack: Stack, setting: Setting) -> None:
    key = f"{NAMESPACE}:{setting.key}"
    if setting.value is None:
        stack.run("config", "rm", key)
    else:
        stack.set_config(key, setting.value, secret=setting.is_secret)
