"""Changes of config between two `up`s that need a step between them. They stop at the preview."""

from collections.abc import Iterator, Mapping

from components.settings.edge import EdgeSettings
from components.settings.model import Settings
from components.settings.problems import NAMESPACE, Problem, SettingsError
from components.settings.table import setting


def change_outputs(settings: Settings) -> Mapping[str, str]:
    """What the next `up` has to know of this one, as outputs of the stack."""
    place = {} if settings.edge is None else {"EdgePlace": settings.edge.place}
    return {"Kms": _key(settings.kms), **place}


def require_possible_change(
    settings: Settings, stack: str, *, last: Mapping[str, str | None]
) -> None:
    """`last` are the outputs by which the last `up` described itself. Raises SettingsError."""
    if problems := list(_problems(settings, last)):
        raise SettingsError(stack, problems)


def _problems(settings: Settings, last: Mapping[str, str | None]) -> Iterator[Problem]:
    yield from _unreadable_queues(settings, last.get("Kms"))
    if settings.edge is not None:
        yield from _taken_hostname(settings.edge, last.get("EdgePlace"))


def _unreadable_queues(settings: Settings, before: str | None) -> Iterator[Problem]:
    """SQS encrypts only new messages with a new key. Others are read with the key of their time, which KMS lets
    nobody use from the moment that its deletion is scheduled (KMS developer guide, "Deleting keys")."""
    kept = (_key(settings.kms), _key(settings.kms_previous))
    if before not in (None, _key(False), *kept):
        yield Problem(
            "kmsPrevious",
            f"is {kept[1]}, but {NAMESPACE}:kms was {before} at the last `up`: functions could no longer read what"
            " that key encrypted in the queues. Keep it until they are empty (docs/operations.md)",
            (f"set kmsPrevious {before}",),
        )


def _taken_hostname(edge: EdgeSettings, before: str | None) -> Iterator[Problem]:
    """Cloudflare refuses a custom domain where a record is (100117), and a record where a domain is (81053).
    Pulumi deletes the old one last: each `up` would end there."""
    if before is None or before == edge.place or before.removesuffix("/*") != edge.hostname:
        return
    was, becomes = ("false", "true") if edge.route else ("true", "false")
    yield Problem(
        "edge.route",
        f"is {becomes}, but it was {was} at the last `up`, with the same hostname: Cloudflare lets {edge.hostname}"
        " be a custom domain or have a record, and the old one would be deleted after the new one is made. Change"
        " the hostname too, if only for one `up` (docs/edge.md)",
        (setting("edge.hostname"),),
    )


def _key(kms: bool | str) -> str:
    """`kms` as config holds it."""
    return kms if isinstance(kms, str) else str(kms).lower()
