"""What a function is told that posts to connections."""

from dataclasses import dataclass

from functions.glow.sockets.budget import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """`connections_table` has the rows that posts are leased from; `quota` is the stack's."""

    region: str
    connections_table: str
    callback_url: str
    quota: Quota
