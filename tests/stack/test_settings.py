"""Config that is wrong stops the preview, with the key, the problem and the command that mends it."""

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext

import pulumi
import pytest

from components.settings.edge import EdgeSettings
from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from components.settings.routing import RoutingSettings
from components.settings.table import config_table
from workspace.paths import REPOSITORY

SECRET = "a-secret-of-helius-0123456789"
REQUIRED = {"HeliusApiKey": SECRET}


def parse(**values: str) -> Settings:
    return parse_settings({**REQUIRED, **values}, secrets=_secret_keys(values), stack="dev")


def refusal(**values: str) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    return str(refused.value)


def _secret_keys(values: dict[str, str]) -> set[str]:
    return {
        key for key in {**REQUIRED, **values} if "Secret" in key or key.endswith(("Key", "Url"))
    }


def test_helius_key_is_all_that_must_be_set() -> None:
    settings = parse()

    assert settings.webhook_secret is settings.helius_api_key
    assert (settings.lambda_runtime, settings.lambda_architecture) == ("python3.13", "arm64")
    assert settings.use_edge_broadcast is False


def test_tokens_are_told_as_both_paths_read_them() -> None:
    golden = json.loads((REPOSITORY / "tests" / "contract" / "tokens.json").read_text())

    told = parse(tokens=json.dumps(golden["tokens"])).listed_tokens

    assert ",".join(told) == golden["variable"]


def test_webhook_secret_takes_the_place_of_the_helius_key() -> None:
    secret = {"HeliusWebhookSecret": SECRET}

    settings = parse_settings(secret, secrets=secret, stack="dev")

    assert settings.webhook_secret is settings.helius_webhook_secret is not None


def test_missing_secret_is_one_clear_message() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({}, secrets=(), stack="dev")

    assert str(refused.value) == (
        "Stack dev: 1 setting is wrong.\n"
        "glow:HeliusApiKey is not set, nor is glow:HeliusWebhookSecret: the webhook would have no"
        " secret to expect. Set one of them.\n"
        '    pulumi config set --secret HeliusApiKey "<your Helius API key>" --stack dev'
    )


def test_only_prod_is_protected_by_default() -> None:
    stacks = {
        stack: parse_settings(REQUIRED, secrets=REQUIRED, stack=stack).protect
        for stack in ("dev", "local", "prod")
    }
    unprotected = {**REQUIRED, "protect": "false"}

    assert stacks == {"dev": False, "local": False, "prod": True}
    assert not parse_settings(unprotected, secrets=REQUIRED, stack="prod").protect


BAD_VALUES = [
    ("USE_EDGE_BROADCAST", "yes", "must be true or false"),
    ("requireOrigin", "maybe", "must be true or false"),
    ("EdgeBroadcastUrl", "https://edge.example.com/broadcast", "must be a bare origin"),
    ("EdgeBroadcastUrl", "http://edge.example.com", "must be a bare origin"),
    ("lambdaRuntime", "nodejs22.x", "must be 'python3.11'"),
    ("lambdaArchitecture", "arm", "must be 'arm64' or 'x86_64'"),
    ("lambdaMemoryMb", "64", "greater than or equal to 128"),
    ("lambdaMemoryMb", "much", "valid integer"),
    ("callTimeoutMs", "20", "greater than or equal to 50"),
    ("logRetentionDays", "8", "must be one of 1, 3, 5"),
    ("priceRetentionDays", "0", "greater than or equal to 1"),
    ("protect", "1", "must be true or false"),
    ("alarmEmail", "oncall", "must be an e-mail address"),
    ("edgeRetryTries", "1", "greater than or equal to 2"),
    ("edgeRetryBaseSeconds", "0", "greater than or equal to 1"),
    ("broadcastConcurrency", "1", "greater than or equal to 2"),
    ("webhookRateLimit", "10001", "less than or equal to 10000"),
    ("websocketBurstLimit", "0", "greater than or equal to 1"),
]


@pytest.mark.parametrize(("key", "value", "problem"), BAD_VALUES)
def test_bad_value_is_named_with_its_remedy(key: str, value: str, problem: str) -> None:
    _, where, command = refusal(**{key: value}).splitlines()

    assert where.startswith(f"glow:{key} is ")
    assert problem in where
    assert command.strip().startswith("pulumi config set ")
    assert key in command
    assert command.endswith(" --stack dev")


BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
BAD_ORIGIN = "must be a bare origin: https://host or https://host:port in lower case"

BAD_LISTS = [
    (
        {"tokens": "SOL"},
        "tokens is 'SOL': must be a map of symbols to mints, set with --path",
        ["rm glow:tokens", f"set --plaintext --path tokens.BONK {BONK}"],
    ),
    (
        {"tokens": json.dumps({"SOL": "no mint!"})},
        "tokens.SOL is 'no mint!': must be a mint or a token name of 1 to 64 letters",
        ['set --plaintext --path tokens.SOL "<the mint of SOL>"'],
    ),
    (
        {"tokens": json.dumps({"A": "mint", "B": "mint"})},
        "tokens.B is 'mint', the same as glow:tokens.A",
        ["rm --path glow:tokens.B"],
    ),
    (
        {"tokens": json.dumps({f"T{n}": f"mint{n}" for n in range(52)})},
        "tokens has 52 entries; at most 50 fit",
        ["rm --path glow:tokens.T51", "rm --path glow:tokens.T50"],
    ),
    (
        {"allowedOrigins": "https://app.example.com"},
        "allowedOrigins is 'https://app.example.com': must be a list of origins, set with --path",
        [
            "rm glow:allowedOrigins",
            "set --plaintext --path 'allowedOrigins[0]' https://app.example.com",
        ],
    ),
    (
        {"allowedOrigins": json.dumps(["https://app.example.com", "https://app.example.com/path"])},
        f"allowedOrigins[1] is 'https://app.example.com/path': {BAD_ORIGIN}",
        ["set --plaintext --path 'allowedOrigins[1]' https://app.example.com"],
    ),
    (
        {"allowedOrigins": json.dumps(["http://app.example.com"])},
        f"allowedOrigins[0] is 'http://app.example.com': {BAD_ORIGIN}",
        ["set --plaintext --path 'allowedOrigins[0]' https://app.example.com"],
    ),
    (
        {"allowedOrigins": json.dumps(["https://*.example.com"])},
        f"allowedOrigins[0] is 'https://*.example.com': {BAD_ORIGIN}",
        ["set --plaintext --path 'allowedOrigins[0]' https://app.example.com"],
    ),
]


@pytest.mark.parametrize(("values", "problem", "commands"), BAD_LISTS)
def test_bad_entry_is_named_with_its_place_and_remedy(
    values: dict[str, str], problem: str, commands: list[str]
) -> None:
    _, where, *printed = refusal(**values).splitlines()

    assert where.startswith(f"glow:{problem}")
    assert printed == [f"    pulumi config {command} --stack dev" for command in commands]


@pytest.mark.parametrize(
    "key",
    [
        "HeliusApiKey",
        "HeliusWebhookSecret",
        "HeliusWebhookSecretPrevious",
        "EdgeBroadcastSecret",
        "EdgeBroadcastSecretPrevious",
        "JupiterApiKey",
        "RpcUrl",
    ],
)
def test_bad_secret_is_refused_and_never_shown(key: str) -> None:
    bad = "https://has a space and no end"

    message = refusal(**{key: bad})

    assert f"glow:{key} must be 16 to 512 printable ASCII characters" in message
    assert f"pulumi config set --secret {key} " in message
    assert "space and" not in message


def test_secret_in_plain_text_is_refused() -> None:
    with pytest.raises(SettingsError, match="HeliusApiKey is a secret, but stored in plain text"):
        parse_settings(REQUIRED, secrets=(), stack="dev")


def test_misspelt_key_is_refused_with_the_right_one() -> None:
    message = refusal(allowedOrigin="[]")

    assert "glow:allowedOrigin is not a setting; did you mean glow:allowedOrigins?\n" in message
    assert "pulumi config rm glow:allowedOrigin --stack dev" in message


def test_required_origin_without_any_listed_is_refused() -> None:
    assert "glow:allowedOrigins is empty, but glow:requireOrigin is true" in refusal(
        requireOrigin="true"
    )


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(
            {
                "tokenz": "{}",
                "tokens": json.dumps({"BONK": "no mint!", "WIF": "mint", "CAT": "mint"}),
                "lambdaMemoryMb": "1",
                "requireOrigin": "true",
                "RpcUrl": "http://x",
                "edge": json.dumps({"windowMs": -1, "testPage": 7}),
                "routing": json.dumps(
                    {"edgeTokens": ["BONC", "WIF", "no mint!"], "edgePercent": 101}
                ),
            },
            secrets={"RpcUrl"},
            stack="prod",
        )

    assert [problem.key for problem in refused.value.problems] == [
        "EdgeBroadcastSecret",
        "HeliusApiKey",
        "RpcUrl",
        "allowedOrigins",
        "edge.accountId",
        "edge.hostname",
        "edge.testPage",
        "edge.windowMs",
        "lambdaMemoryMb",
        "routing.edgePercent",
        "routing.edgeTokens[2]",
        "routing.edgeTokens[0]",
        "tokens.BONK",
        "tokens.CAT",
        "tokenz",
    ]
    assert str(refused.value).startswith("Stack prod: 15 settings are wrong.\n")
    assert not re.search(r"[.;:?!]{2}", str(refused.value))


def test_local_pages_may_be_listed_but_are_no_cors_origins() -> None:
    listed = ("http://localhost:*", "http://127.0.0.1:3000", "null", "file://")

    settings = parse(allowedOrigins=str(list(listed)).replace("'", '"'))

    assert settings.allowed_origins == listed
    assert settings.cors_origins(None) == ("http://127.0.0.1:3000",)


@pytest.mark.parametrize(
    ("edge_url", "may_read"),
    [
        (None, ("https://app.example.com",)),
        ("https://edge.example.com", ("https://app.example.com", "https://edge.example.com")),
        ("https://app.example.com", ("https://app.example.com",)),
    ],
)
def test_page_of_the_edge_may_read_beside_those_that_are_listed(
    edge_url: str | None, may_read: tuple[str, ...]
) -> None:
    settings = parse(allowedOrigins='["https://app.example.com"]')

    assert settings.cors_origins(edge_url) == may_read


def test_every_key_is_documented() -> None:
    table = config_table().splitlines()
    models = (Settings, EdgeSettings, RoutingSettings)

    assert len(table) == 2 + sum(len(model.model_fields) for model in models)
    assert not [row for row in table if "=()" in row]
    assert all(row.count(" | ") == 2 and row.endswith(". |") for row in table[2:])


EDGE = {"accountId": "a" * 32, "zoneId": "b" * 32, "hostname": "edge.example.com"}
EDGE_SECRET = {"EdgeBroadcastSecret": "what-the-edge-worker-expects"}


def edge_variables(settings: Settings, stack: str) -> Mapping[str, pulumi.Input[str]]:
    return settings.edge_variables(
        stack, rest_url="https://api.example", websocket_url="wss://ws.example/live"
    )


def edge_refusal(edge: object) -> str:
    return refusal(**EDGE_SECRET, edge=json.dumps(edge))


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in EDGE.items() if name != key}


BAD_EDGES = [
    ({**EDGE, "accountId": "me"}, "accountId", "is 'me': must be an id of Cloudflare"),
    ({**EDGE, "zoneId": "example.com"}, "zoneId", "must be an id of Cloudflare"),
    ({**EDGE, "hostname": "https://edge.example.com"}, "hostname", "must be a hostname"),
    ({**EDGE, "hostname": "localhost"}, "hostname", "must be a hostname"),
    ({**EDGE, "route": "maybe"}, "route", "must be true or false"),
    ({**EDGE, "windowMs": -1}, "windowMs", "greater than or equal to 0"),
    ({**EDGE, "windowMs": "soon"}, "windowMs", "valid integer"),
    ({**EDGE, "maxBufferedBytes": 1000}, "maxBufferedBytes", "greater than or equal to 65536"),
    ({**EDGE, "maxConnectionsPerRoom": 32_768}, "maxConnectionsPerRoom", "less than or equal"),
    ({**EDGE, "connectsPerMinute": 0}, "connectsPerMinute", "greater than or equal to 1"),
    ({**EDGE, "testPage": 7}, "testPage", "must be true or false"),
    (without("accountId"), "accountId", "is not set"),
    (without("zoneId"), "zoneId", "is not set, but edge.hostname is"),
    (without("hostname"), "hostname", "nor is edge.workersDevSubdomain"),
]


@pytest.mark.parametrize(("edge", "key", "problem"), BAD_EDGES)
def test_bad_edge_is_named_with_its_remedy(edge: object, key: str, problem: str) -> None:
    _, where, command = edge_refusal(edge).splitlines()

    assert where.startswith(f"glow:edge.{key} is ")
    assert problem in where
    assert re.match(rf"    pulumi config set (--plaintext )?--path edge\.{key} ", command)


@pytest.mark.parametrize(
    ("edge", "key", "problem"),
    [
        (
            {**EDGE, "workersDevSubdomain": "glow"},
            "workersDevSubdomain",
            "is set beside edge.hostname",
        ),
        (
            {"accountId": "a" * 32, "workersDevSubdomain": "glow", "route": True},
            "route",
            "is true, but edge.hostname is not set",
        ),
    ],
)
def test_key_of_edge_that_is_too_much_is_removed(edge: object, key: str, problem: str) -> None:
    _, where, command = edge_refusal(edge).splitlines()

    assert where.startswith(f"glow:edge.{key} {problem}")
    assert command == f"    pulumi config rm --path glow:edge.{key} --stack dev"


def test_edge_without_an_address_and_zone_is_told_of_both() -> None:
    _, _, hostname, zone = edge_refusal({"accountId": "a" * 32}).splitlines()

    assert "edge.hostname" in hostname
    assert "edge.zoneId" in zone


def test_misspelt_key_of_edge_is_refused_with_the_right_one() -> None:
    message = edge_refusal({**EDGE, "windowMS": 50})

    assert "glow:edge.windowMS is not a setting; did you mean glow:edge.windowMs?" in message
    assert "pulumi config rm --path glow:edge.windowMS --stack dev" in message


@pytest.mark.parametrize("edge", ["soon", "[]", "7"])
def test_edge_that_is_no_map_is_refused(edge: str) -> None:
    assert "must be a map of settings, set with --path" in refusal(**EDGE_SECRET, edge=edge)


def test_numbers_and_flags_of_edge_may_be_texts() -> None:
    settings = parse(**EDGE_SECRET, edge=json.dumps({**EDGE, "windowMs": "0", "route": "true"}))

    assert settings.edge is not None
    assert (settings.edge.window_ms, settings.edge.route) == (0, True)


def test_flag_without_edge_and_secret_is_refused_with_both_remedies() -> None:
    message = refusal(USE_EDGE_BROADCAST="true")

    assert "glow:edge is not set, but glow:USE_EDGE_BROADCAST is true" in message
    assert 'set --plaintext --path edge.accountId "<your Cloudflare account id>"' in message
    assert 'set --plaintext --path edge.workersDevSubdomain "<the subdomain of your' in message
    assert "glow:EdgeBroadcastSecret is not set, but glow:USE_EDGE_BROADCAST is true" in message
    assert 'pulumi config set --secret EdgeBroadcastSecret "$(openssl rand -base64 32)"' in message


def test_worker_without_a_secret_is_refused_before_the_flag_is_on() -> None:
    message = refusal(edge=json.dumps(EDGE))

    assert "glow:EdgeBroadcastSecret is not set, but glow:edge is" in message


def test_flag_needs_no_worker_of_ours_when_the_url_is_given() -> None:
    settings = parse(
        USE_EDGE_BROADCAST="true", EdgeBroadcastUrl="https://edge.example.com", **EDGE_SECRET
    )

    assert settings.edge_origin("glow-broadcast-dev") == "https://edge.example.com"


@pytest.mark.parametrize(("stack", "is_taken"), [("local", True), ("dev", False), ("prod", False)])
def test_edge_without_tls_is_for_the_local_stack(stack: str, is_taken: bool) -> None:
    values = {**REQUIRED, "EdgeBroadcastUrl": "http://127.0.0.1:8787"}
    with (
        nullcontext() if is_taken else pytest.raises(SettingsError, match="EdgeBroadcastUrl is on")
    ):
        parse_settings(values, secrets=_secret_keys(values), stack=stack)


@pytest.mark.parametrize(
    ("stack", "edge", "is_shown"),
    [
        ("dev", {}, "true"),
        ("local", {}, "true"),
        ("prod", {}, "false"),
        ("prod", {"testPage": True}, "true"),
        ("dev", {"testPage": False}, "false"),
    ],
)
def test_test_page_is_shown_where_it_helps(
    stack: str, edge: dict[str, bool], is_shown: str
) -> None:
    settings = parse(**EDGE_SECRET, edge=json.dumps({**EDGE, **edge}))

    told = edge_variables(settings, stack)

    assert told["TEST_PAGE"] == is_shown
    assert ("REST_API_URL" in told, "WEBSOCKET_URL" in told) == (is_shown == "true",) * 2


@pytest.mark.parametrize(
    ("everywhere", "at_the_edge", "required"),
    [("true", {}, "true"), ("false", {}, "false"), ("false", {"requireOrigin": True}, "true")],
)
def test_origin_rule_of_the_edge_is_that_of_the_stack_unless_it_says_so(
    everywhere: str, at_the_edge: dict[str, bool], required: str
) -> None:
    settings = parse(
        **EDGE_SECRET,
        edge=json.dumps({**EDGE, **at_the_edge}),
        requireOrigin=everywhere,
        allowedOrigins='["https://app.example.com"]',
    )

    assert edge_variables(settings, "dev")["REQUIRE_ORIGIN"] == required


def test_edge_that_requires_an_origin_without_any_listed_is_refused() -> None:
    message = edge_refusal({**EDGE, "requireOrigin": True})

    assert "glow:allowedOrigins is empty, but glow:edge.requireOrigin is true" in message
