"""Which paths carry a token. Publishers and discovery share this one pure function."""

from typing import Literal

Path = Literal["aws", "edge"]


def paths(*, edge_is_on: bool, token: str) -> frozenset[Path]:  # noqa: ARG001  see below
    """The paths that an update of `token` is published on; never empty.

    Every token takes the same path today. `token` is asked for all the same: callers decide per
    token from the start, and none comes to rely on one answer for all.
    """
    return frozenset({"edge"}) if edge_is_on else frozenset({"aws"})
