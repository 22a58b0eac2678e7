"""All keys of config, nested ones too, with what errors and docs/configuration.md say of each."""

from collections.abc import Mapping
from typing import Final

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.settings.edge import EdgeSettings
from components.settings.helius import HeliusSettings
from components.settings.model import Settings
from components.settings.routing import RoutingSettings

FIELDS: Final[Mapping[str, FieldInfo]] = (
    {field.alias or name: field for name, field in Settings.model_fields.items()}
    | {f"edge.{field.alias}": field for field in EdgeSettings.model_fields.values()}
    | {f"helius.{field.alias}": field for field in HeliusSettings.model_fields.values()}
    | {f"routing.{field.alias}": field for field in RoutingSettings.model_fields.values()}
)


def setting(key: str) -> str:
    """Return what follows `pulumi config` to set `key`."""
    field = FIELDS[key]
    examples = field.examples or [f"{key} {_shown_default(field)}"]
    return f"set {examples[0]}"


def entry_setting(key: str, index: int) -> str:
    """As `setting`, for entry `index` of the list at `key`."""
    return setting(key).replace("[0]", f"[{index}]")


def is_secret(key: str) -> bool:
    return setting(key).startswith("set --secret")


def is_shown(key: str) -> bool:
    """Whether an error may show the value of `key`; a wrong one may be a secret in the wrong place."""
    return key not in FIELDS or FIELDS[key].repr


def _shown_default(field: FieldInfo) -> str:
    default: object = None if field.is_required() else field.default
    if isinstance(default, bool):
        return "true" if default else "false"
    return "" if default in (None, (), {}) or isinstance(default, BaseModel) else str(default)


def shown_default(key: str) -> str:
    """Return the default and the bounds of `key` in Markdown, or nothing if it has no default."""
    field = FIELDS[key]
    default = _shown_default(field)
    least = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    most = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    limits = f" ({least} to {most})" if most is not None else ""
    return f"`{default}`{limits}" if default else ""
