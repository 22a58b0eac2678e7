"""Publishing on the paths of each token, as the routing item says now."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from functions.glow import log, metrics
from functions.glow.paths import Path
from functions.glow.publisher import Publisher
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.reminder import Reminder
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update


@dataclass(frozen=True, slots=True)
class RoutedPublisher:
    """`publisher` returns the publisher of a path, or None if the stack has none (an edge that is no
    longer configured). `all_paths` are those that the stack has."""

    routes: RouteCache
    all_paths: frozenset[Path]
    publisher: Callable[[Path], Publisher | None]
    reminder: Reminder

    def publish(self, updates: Sequence[Update]) -> None:
        """Hand over `updates`, each token's in order. Raises Unavailable if any was not taken.

        By the routes as last read: call `routes.refresh` before. Where those may be of before a change,
        on all paths: clients may be on any.
        """
        others = frozenset[Path]() if self.routes.is_reliable else self.all_paths
        by_path: defaultdict[Path, list[Update]] = defaultdict(list)
        for update in updates:
            for path in self.routes.routes.carried(update.token) | others:
                by_path[path].append(update)
        in_parallel(lambda path: self._publish_on(path, by_path[path]), list(by_path))
        self.reminder.remind(self.routes.routes)

    def _publish_on(self, path: Path, updates: Sequence[Update]) -> None:
        publisher = self.publisher(path)
        if publisher is None:
            log.warning("path_not_configured", path=path, updates=len(updates))
            return
        metrics.record(metrics.published(path), len(updates))
        publisher.publish(updates)
