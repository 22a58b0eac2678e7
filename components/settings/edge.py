"""The part of config under `edge`: where the worker runs, and how it treats its clients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.settings.location import LocationHint, location_near
from components.settings.values import CloudflareId, Flag, Hostname, Subdomain, listed

# The test page shows the raw stream, so production does not have it.
_TEST_PAGE_STACKS: Final = frozenset({"dev", "local"})


class EdgeSettings(BaseModel):
    """The edge worker of one stack. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    account_id: CloudflareId = Field(
        examples=['--plaintext --path edge.accountId "<your Cloudflare account id>"'],
        description="Cloudflare account of the worker; required.",
    )
    hostname: Hostname | None = Field(
        default=None,
        examples=["--plaintext --path edge.hostname edge.example.com"],
        description="Where the worker answers. It is a custom domain of the worker unless"
        " `edge.route` is true.",
    )
    zone_id: CloudflareId | None = Field(
        default=None,
        examples=['--plaintext --path edge.zoneId "<the id of the hostname\'s zone>"'],
        description="Zone of the hostname.",
    )
    route: Flag = Field(
        default=False,
        examples=["--path edge.route true"],
        description="Put the worker on the route `<hostname>/*` with a DNS record of its own.",
    )
    workers_dev_subdomain: Subdomain | None = Field(
        default=None,
        examples=['--plaintext --path edge.workersDevSubdomain "<the subdomain of your account>"'],
        description="Without a zone: answer at `https://<worker>.<this>.workers.dev`.",
    )
    window_ms: int = Field(
        default=50,
        ge=0,
        le=1000,
        examples=["--path edge.windowMs 50"],
        description="The longest pause between two frames of a room, in milliseconds. It is 0.05 ms for"
        " each client, so 1,000 clients make it 50. 0 sends each update alone.",
    )
    max_buffered_bytes: int = Field(
        default=256 * 1024,
        ge=64 * 1024,
        le=8 * 1024 * 1024,
        examples=["--path edge.maxBufferedBytes 262144"],
        description="A client with more than this unread is sent nothing until it has caught up.",
    )
    max_connections_per_room: int = Field(
        default=2_000,
        ge=1,
        le=32_000,
        examples=["--path edge.maxConnectionsPerRoom 2000"],
        description="Clients of one token; a quarter of them may have the same address.",
    )
    max_clients_per_hub: int = Field(
        default=1_000,
        ge=1,
        le=32_000,
        examples=["--path edge.maxClientsPerHub 1000"],
        description="Clients of many tokens in one hub; a quarter of them may have the same address. More"
        " take more hubs.",
    )
    max_tokens_per_hub: int = Field(
        default=500,
        ge=100,
        le=5_000,
        examples=["--path edge.maxTokensPerHub 500"],
        description="Tokens that the clients of one hub follow together; it has a socket to the room of"
        " each.",
    )
    connects_per_minute: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        examples=["--path edge.connectsPerMinute 1000"],
        description="Connects of one address per minute and data centre. The default lets 10 people"
        " behind one address open 50 tokens each, and again after a reset.",
    )
    region: LocationHint | None = Field(
        default=None,
        examples=["--plaintext --path edge.region enam"],
        description="Where Cloudflare makes the room of a token when it is first used; it stays"
        " there. Default: near `aws:region`.",
    )
    room_generation: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        examples=["--path edge.roomGeneration 1"],
        description="Another number makes new rooms, in `edge.region`. Move all clients to AWS first"
        " (docs/edge.md).",
    )
    log_sampling: float = Field(
        default=0.1,
        ge=0,
        le=1,
        examples=["--path edge.logSampling 0.1"],
        description="Share of the worker's ordinary log lines that are written. Errors always are.",
    )
    analytics: Flag = Field(
        default=False,
        examples=["--path edge.analytics true"],
        description="Write a point for each broadcast and each refusal to Workers Analytics Engine (docs/edge.md).",
    )
    test_page: Flag | None = Field(
        default=None,
        examples=["--path edge.testPage true"],
        description="Show the test page at `/`. Default: on `dev` and `local`.",
    )
    require_origin: Flag | None = Field(
        default=None,
        examples=["--path edge.requireOrigin true"],
        description="As `requireOrigin`, for the edge alone. Default: the same.",
    )
    first_version_without_binding: Flag = Field(
        default=False,
        examples=["--path edge.firstVersionWithoutBinding true"],
        description="Deploy without the bindings to rooms and hubs, for an account that refuses the first"
        " version because of them (docs/edge.md).",
    )

    def origin(self, worker_name: str) -> str:
        """The origin of the worker, `https://host`."""
        host = self.hostname or f"{worker_name}.{self.workers_dev_subdomain}.workers.dev"
        return f"https://{host}"

    @property
    def place(self) -> str:
        """What leads to the worker: `<host>/*` for a route, else the host of its own domain."""
        host = self.hostname or f"{self.workers_dev_subdomain}.workers.dev"
        return f"{host}/*" if self.route else host

    def shows_test_page(self, stack: str) -> bool:
        return stack in _TEST_PAGE_STACKS if self.test_page is None else self.test_page

    def variables(
        self,
        *,
        stack: str,
        tokens: Sequence[str],
        allowed_origins: Sequence[str],
        require_origin: bool,
        aws_region: str,
    ) -> Mapping[str, str]:
        """The worker's variables by name. Empty ones are left out."""
        requires = require_origin if self.require_origin is None else self.require_origin
        variables = {
            "ALLOWED_ORIGINS": ",".join(allowed_origins),
            "LOCATION_HINT": self.region or location_near(aws_region) or "",
            "LOG_SAMPLING": str(self.log_sampling),
            "MAX_BUFFERED_BYTES": str(self.max_buffered_bytes),
            "MAX_CLIENTS_PER_HUB": str(self.max_clients_per_hub),
            "MAX_CONNECTIONS_PER_ROOM": str(self.max_connections_per_room),
            "MAX_TOKENS_PER_HUB": str(self.max_tokens_per_hub),
            "REQUIRE_ORIGIN": "true" if requires else "false",
            "ROOM_GENERATION": str(self.room_generation),
            "TEST_PAGE": "true" if self.shows_test_page(stack) else "false",
            "TOKENS": ",".join(tokens),
            "WINDOW_MS": str(self.window_ms),
        }
        return {name: text for name, text in variables.items() if text}


Edge = Annotated[EdgeSettings, BeforeValidator(listed("a map of settings", dict))]


def worker_name(stack: str) -> str:
    """The name of the stack's worker. Each stack has its own, so several may share an account."""
    return "glow-broadcast" if stack == "prod" else f"glow-broadcast-{stack}"


@dataclass(frozen=True)
class Contradiction:
    """A key of `edge` that does not fit the others. Removing and setting these keys mends it."""

    key: str
    what: str
    remove: tuple[str, ...] = ()
    set: tuple[str, ...] = ()


def contradictions(edge: Mapping[str, object]) -> Iterator[Contradiction]:
    """Yield the contradictions in `edge`, which is as config holds it."""
    has_hostname, has_subdomain = "hostname" in edge, "workersDevSubdomain" in edge
    if has_hostname and has_subdomain:
        yield Contradiction(
            "workersDevSubdomain",
            "is set beside edge.hostname: the worker has one address",
            remove=("workersDevSubdomain",),
        )
    if not has_hostname and not has_subdomain:
        zone = () if "zoneId" in edge else ("zoneId",)
        yield Contradiction(
            "hostname",
            "is not set, nor is edge.workersDevSubdomain: the worker has no address",
            set=("hostname", *zone),
        )
    if has_hostname and "zoneId" not in edge:
        yield Contradiction(
            "zoneId",
            "is not set, but edge.hostname is: its zone makes the DNS record",
            set=("zoneId",),
        )
    if edge.get("route") in (True, "true") and has_subdomain and not has_hostname:
        yield Contradiction(
            "route",
            "is true, but edge.hostname is not set: the route is <hostname>/*",
            remove=("route",),
        )
