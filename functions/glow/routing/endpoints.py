"""Where clients of each path connect to."""

import re
from dataclasses import dataclass

from functions.glow.paths import Path


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`websocket_url` is API Gateway's; `edge_origin` the worker's (`https://host`), or None."""

    websocket_url: str
    edge_origin: str | None

    @property
    def websocket_origin(self) -> str:
        """The origin of API Gateway's URL, as React Native makes it for its header `Origin`."""
        return re.sub("^ws(s?://[^/]+).*", r"http\1", self.websocket_url)

    def url(self, path: Path, token: str) -> str:
        """What a client of `token` alone opens. On AWS the token is named afterwards, by a message."""
        return self._at_edge(f"/ws/{token}") if path == "edge" else self.websocket_url

    def live_url(self, path: Path) -> str:
        """What a client of many tokens opens. It names them afterwards, by messages."""
        return self._at_edge("/live") if path == "edge" else self.websocket_url

    def _at_edge(self, place: str) -> str:
        if self.edge_origin is None:
            return self.websocket_url
        return f"{re.sub('^http', 'ws', self.edge_origin)}{place}"
