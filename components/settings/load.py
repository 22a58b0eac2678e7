"""Reads the stack's config and reports all its problems at once.

Nothing else reads Pulumi's config.
"""

import os
from collections.abc import Collection, Iterator, Mapping

import pulumi
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from components.settings.checks import close_key, problems_of, stored_value, tokens_of
from components.settings.model import Settings
from components.settings.names import stack_name_problem
from components.settings.problems import (
    NAMESPACE,
    Problem,
    SettingsError,
    path_text,
    plain_set,
    removal,
)
from components.settings.routing import edge_token_problem
from components.settings.table import entry_setting, is_secret, is_shown, setting
from components.settings.values import WRONG_KIND
from components.settings.variable_size import size_problems


def load_settings() -> Settings:
    """Settings of the stack that Pulumi is running. Raises SettingsError, or one about its name."""
    stack = pulumi.get_stack()
    prefix = f"{NAMESPACE}:"
    # pulumi.Config can only be asked for known keys. This finds misspelt ones, too.
    known = pulumi.runtime.config.CONFIG.get()
    values = {
        key.removeprefix(prefix): str(value)
        for key, value in known.items()
        if key.startswith(prefix)
    }
    if problem := stack_name_problem(stack, has_edge="edge" in values):
        raise pulumi.RunError(problem)
    secrets = {key for key in values if pulumi.runtime.is_config_secret(f"{prefix}{key}")}
    return parse_settings(values, secrets=secrets, stack=stack)


def load_aws_region() -> str:
    """The region of the AWS provider; "" if neither config nor the environment names one."""
    return pulumi.Config("aws").get("region") or os.environ.get("AWS_REGION", "")


def parse_settings(values: Mapping[str, str], *, secrets: Collection[str], stack: str) -> Settings:
    """Parse the texts that config holds. The keys in `secrets` are stored encrypted.

    Raises SettingsError with every problem at once.
    """
    found = list(problems_of(values, secrets=secrets, stack=stack))
    try:
        settings = Settings.model_validate(
            {"protect": "true" if stack == "prod" else "false", **values}
        )
    except ValidationError as refused:
        # A malformed key often fails other checks as well; it is reported once.
        malformed = {problem.key: problem for problem in _refused(refused, values)}
        found = [problem for problem in found if problem.key not in malformed]
        raise SettingsError(
            stack, [*malformed.values(), *found]
        ) from None  # the cause may show secrets
    found += size_problems(settings)
    if found:
        raise SettingsError(stack, found)
    return settings


def encrypted(secret: SecretStr | None) -> pulumi.Output[str] | None:
    """Return `secret` as an output that Pulumi hides in state, previews and logs."""
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())


def _refused(refused: ValidationError, values: Mapping[str, str]) -> Iterator[Problem]:
    for error in refused.errors(include_url=False, include_input=False):
        yield _malformed(error, values)


def _malformed(error: ErrorDetails, values: Mapping[str, str]) -> Problem:
    path = error["loc"]
    key = path_text(path)
    what = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    match error["type"], path:
        case "extra_forbidden", _:
            close = close_key(key)
            hint = f"; did you mean {NAMESPACE}:{close}?" if close else ""
            return Problem(key, f"is not a setting{hint}", (removal(path),))
        case "missing", _:
            return Problem(key, "is not set", (setting(key),))
        case _, ("routing", "edgeTokens", int(index)):
            name = stored_value(values, path)
            problem = edge_token_problem(index, name, tokens_of(values))
            assert problem is not None, name  # pydantic has refused it, so it is not a known token
            return problem
        case _, ("tokens", str(symbol)):
            commands = (plain_set(path, f"<the mint of {symbol}>"),)
        case _, (*_, int(index)):
            commands = (entry_setting(path_text(path[:-1]), index),)
        case kind, _:
            # Pulumi cannot set an entry in a value of another kind, so that goes first.
            emptied = (removal(path),) if kind == WRONG_KIND else ()
            commands = (*emptied, setting(key))
    return Problem(key, f"{_shown(path, values)}{what}", commands)


def _shown(path: tuple[str | int, ...], values: Mapping[str, str]) -> str:
    value = stored_value(values, path)
    is_hidden = value is None or is_secret(str(path[0])) or not is_shown(str(path[0]))
    return "" if is_hidden else f"is {value!r}: "
