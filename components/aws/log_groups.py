"""Log groups that were there before the stack, as a system that it replaces leaves them behind."""

from collections.abc import Collection
from functools import cached_property
from typing import Final

import pulumi
import pulumi_aws as aws

# All inputs but the name: the engine refuses to import what differs in one.
_DIFFERING: Final = [
    "retentionInDays",
    "kmsKeyId",
    "logGroupClass",
    "skipDestroy",
    "tags",
    "tagsAll",
]


def log_group_name(function: str) -> str:
    """Where Lambda logs what `function` says, unless it is told otherwise."""
    return f"/aws/lambda/{function}"


class LeftBehind:
    """Tells which log groups exist without being the stack's. Making one again would fail.

    AWS is asked only if a group is not the stack's: a preview of a stack that has them all asks nothing.
    """

    def __init__(self, prefix: str, *, functions: Collection[str]) -> None:
        """`functions` are those that the last `up` made; their names begin with `prefix`."""
        self._prefix = log_group_name(prefix)
        self._ours = frozenset(map(log_group_name, functions))

    def holds(self, group: str) -> bool:
        return group not in self._ours and group in self._existing

    @cached_property
    def _existing(self) -> frozenset[str]:
        try:
            found = aws.cloudwatch.get_log_groups(log_group_name_prefix=self._prefix)
        except Exception as error:  # noqa: BLE001  the SDK raises no narrower one
            pulumi.warn(
                f"Whether log groups {self._prefix}… are there already is not known: {error}\n"
                "Who runs this may need the right logs:DescribeLogGroups. If `up` says"
                " ResourceAlreadyExistsException: docs/first-deploy.md."
            )
            return frozenset()
        return frozenset(found.log_group_names)


def declare_function_log_group(
    name: str,
    *,
    group: str,
    retention_days: int,
    left_behind: LeftBehind,
    parent: pulumi.Resource,
) -> aws.cloudwatch.LogGroup:
    """The log group of a function. One that was left behind is adopted with the lines in it.

    An import takes it as it is: what differs is brought in line by the next `up`.
    """
    is_adopted = left_behind.holds(group)
    if is_adopted:
        pulumi.info(
            f"{group} is there already and is adopted, with its lines. Its retention becomes"
            f" {retention_days} days with the `up` after this one."
        )
    return aws.cloudwatch.LogGroup(
        name,
        name=group,
        retention_in_days=retention_days,
        opts=pulumi.ResourceOptions(
            parent=parent,
            import_=group if is_adopted else None,
            ignore_changes=_DIFFERING if is_adopted else None,
        ),
    )
