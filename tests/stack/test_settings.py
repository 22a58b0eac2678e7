"""Config that is wrong stops the preview, with the key, the problem and the command that mends it."""

import json
import re

import pytest

from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from workspace.paths import REPOSITORY

SECRET = "a-secret-of-helius-0123456789"
REQUIRED = {"HeliusApiKey": SECRET}


def parse(**values: str) -> Settings:
    return parse_settings({**REQUIRED, **values}, secrets=secret_keys(values), stack="dev")


def refusal(**values: str) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    return str(refused.value)


def secret_keys(values: dict[str, str]) -> set[str]:
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


EDGE = {
    "edge": json.dumps({"accountId": "a" * 32, "workersDevSubdomain": "glow"}),
    "EdgeBroadcastSecret": SECRET,
}


def tokens_of(size: int) -> str:
    """40 tokens that the worker gets in a variable of `size` bytes, some 5,100."""
    tokens = {f"s{number:063}": f"t{number:061}" for number in range(39)}
    rest = size - sum(len(f"{symbol}={token},") for symbol, token in tokens.items())
    return json.dumps(tokens | {"s" * 64: "t" * (rest - len("s" * 64 + "="))})


def test_tokens_that_the_worker_cannot_be_told_are_refused() -> None:
    """Cloudflare takes 5 KB in a variable."""
    told = parse(tokens=tokens_of(5_120), **EDGE).listed_tokens

    assert len(",".join(told)) == 5_120
    refused = refusal(tokens=tokens_of(5_121), **EDGE)
    assert "glow:tokens takes 5,121 bytes as a variable of the edge worker" in refused
    assert refused.count("pulumi config rm --path glow:tokens.s") == 1
    assert parse(tokens=tokens_of(5_121)).edge is None


BAD_VALUES = [
    ("USE_EDGE_BROADCAST", "yes", "must be true or false"),
    ("requireOrigin", "maybe", "must be true or false"),
    ("EdgeBroadcastUrl", "https://edge.example.com/broadcast", "must be a bare origin"),
    ("EdgeBroadcastUrl", "http://edge.example.com", "must be a bare origin"),
    ("lambdaRuntime", "nodejs22.x", "must be 'python3.11'"),
    ("lambdaArchitecture", "arm", "must be 'arm64' or 'x86_64'"),
    ("lambdaMemoryMb", "64", "greater than or equal to 128"),
    ("lambdaMemoryMb", "much", "valid integer"),
    ("maxPriceJump", "1", "must be 0 (off) or from 2 to 1000000"),
    ("maxPriceJump", "-1", "must be 0 (off)"),
    ("callTimeoutMs", "20", "greater than or equal to 50"),
    ("logRetentionDays", "8", "must be one of 1, 3, 5"),
    ("priceRetentionDays", "0", "greater than or equal to 1"),
    ("protect", "1", "must be true or false"),
    ("alarmEmail", "oncall", "must be an e-mail address"),
    ("kms", "alias/mine", "must be true, false or the ARN of a KMS key"),
    ("edgeRetryTries", "1", "greater than or equal to 2"),
    ("edgeRetryBaseSeconds", "0", "greater than or equal to 1"),
    ("broadcastConcurrency", "1", "greater than or equal to 2"),
    ("accountRequestsPerSecond", "999", "greater than or equal to 1000"),
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


def test_limits_that_leave_nothing_to_post_with_are_refused_with_ones_that_do() -> None:
    _, where, *commands = refusal(accountRequestsPerSecond="2500").splitlines()

    assert where == (
        "glow:accountRequestsPerSecond is 2500, of which webhookRateLimit, websocketRateLimit and"
        " restRateLimit (for each of 9 routes) leave 0 for posts to clients; at least 500 are needed."
    )
    assert [command.strip() for command in commands] == [
        "pulumi config set webhookRateLimit 250 --stack dev",
        "pulumi config set restRateLimit 100 --stack dev",
        "pulumi config set websocketRateLimit 100 --stack dev",
    ]
    fits = {
        **REQUIRED,
        "accountRequestsPerSecond": "2500",
        "webhookRateLimit": "250",
        "restRateLimit": "100",
        "websocketRateLimit": "100",
    }
    assert parse_settings(fits, secrets=REQUIRED, stack="dev").posts_per_second == 1_250


BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
BAD_ORIGIN = "must be a bare origin: https://host or https://host:port in lower case"

BAD_LISTS = [
    (
        {"alarms": '{"noTradeMinutes": 1441}'},
        "alarms.noTradeMinutes is 1441: must be less than or equal to 1440",
        ["set --path alarms.noTradeMinutes 10"],
    ),
    (
        {"alarms": '{"holeCheckMinutes": 61}'},
        "alarms.holeCheckMinutes is 61: must be less than or equal to 60",
        ["set --path alarms.holeCheckMinutes 5"],
    ),
    (
        {"alarms": '{"monthlyBudgetUsd": 200}'},
        "alarmEmail is not set, but glow:alarms.monthlyBudgetUsd is: nobody would hear of the bill",
        ["set --plaintext alarmEmail oncall@example.com"],
    ),
    *(
        (
            {"alarms": json.dumps({"runbookUrl": url})},
            f"alarms.runbookUrl is '{url}': must be a URL that begins with https://",
            [
                "set --plaintext --path alarms.runbookUrl https://git.example.com/glow/docs/runbook.md"
            ],
        )
        for url in ("docs/runbook.md", "http://a.b/c", "https://a.b/c#d", "https://")
    ),
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


def test_local_pages_may_be_listed() -> None:
    listed = ("http://localhost:*", "http://127.0.0.1:3000", "null", "file://")

    settings = parse(allowedOrigins=str(list(listed)).replace("'", '"'))

    assert settings.allowed_origins == listed
