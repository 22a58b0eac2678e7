"""Config that is wrong stops the preview, with the key, the problem and the command that mends it."""

import pytest

from components.settings import Settings, SettingsError, config_table

SECRET = "a-secret-of-helius-0123456789"
REQUIRED = {"HeliusApiKey": SECRET}


def parse(**values: str) -> Settings:
    return Settings.parse({**REQUIRED, **values}, secrets=_secret_keys(values), stack="dev")


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


def test_webhook_secret_takes_the_place_of_the_helius_key() -> None:
    secret = {"HeliusWebhookSecret": SECRET}

    settings = Settings.parse(secret, secrets=secret, stack="dev")

    assert settings.webhook_secret is settings.helius_webhook_secret is not None


def test_missing_secret_is_one_clear_message() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.parse({}, secrets=(), stack="dev")

    assert str(refused.value) == (
        "Stack dev: 1 setting is wrong.\n"
        "glow:HeliusApiKey is not set, nor is glow:HeliusWebhookSecret: the webhook would have no"
        " secret to expect. Set one of them.\n"
        '    pulumi config set --secret HeliusApiKey "<your Helius API key>" --stack dev'
    )


def test_only_prod_is_protected_by_default() -> None:
    stacks = {
        stack: Settings.parse(REQUIRED, secrets=REQUIRED, stack=stack).protect
        for stack in ("dev", "local", "prod")
    }
    unprotected = {**REQUIRED, "protect": "false"}

    assert stacks == {"dev": False, "local": False, "prod": True}
    assert not Settings.parse(unprotected, secrets=REQUIRED, stack="prod").protect


BAD_VALUES = [
    ("USE_EDGE_BROADCAST", "true", "this version has no edge path yet"),
    ("USE_EDGE_BROADCAST", "yes", "must be true or false"),
    ("tokens", "SOL", "must be a map of symbols to mints"),
    ("tokens", '{"SOL": "no mint!"}', "the mint of SOL must be"),
    ("tokens", '{"A": "mint", "B": "mint"}', "names the same mint twice"),
    ("tokens", str({f"T{n}": f"mint{n}" for n in range(51)}).replace("'", '"'), "has 51 entries"),
    ("allowedOrigins", "https://app.example.com", "must be a list of origins"),
    ("allowedOrigins", '["https://app.example.com/path"]', "is not a bare origin"),
    ("allowedOrigins", '["http://app.example.com"]', "is not a bare origin"),
    ("allowedOrigins", '["https://*.example.com"]', "is not a bare origin"),
    ("requireOrigin", "maybe", "must be true or false"),
    ("EdgeBroadcastUrl", "https://edge.example.com/broadcast", "is not a bare origin"),
    ("EdgeBroadcastUrl", "http://edge.example.com", "is not a bare origin"),
    ("lambdaRuntime", "nodejs22.x", "must be 'python3.11'"),
    ("lambdaArchitecture", "arm", "must be 'arm64' or 'x86_64'"),
    ("lambdaMemoryMb", "64", "greater than or equal to 128"),
    ("lambdaMemoryMb", "much", "valid integer"),
    ("callTimeoutMs", "20", "greater than or equal to 50"),
    ("logRetentionDays", "8", "must be one of 1, 3, 5"),
    ("priceRetentionDays", "0", "greater than or equal to 1"),
    ("protect", "1", "must be true or false"),
    ("alarmEmail", "oncall", "must be an e-mail address"),
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
        Settings.parse(REQUIRED, secrets=(), stack="dev")


def test_misspelt_key_is_refused_with_the_right_one() -> None:
    message = refusal(allowedOrigin="[]")

    assert "glow:allowedOrigin is not a setting; did you mean glow:allowedOrigins?" in message
    assert "pulumi config rm glow:allowedOrigin --stack dev" in message


def test_required_origin_without_any_listed_is_refused() -> None:
    assert "glow:allowedOrigins is empty, but glow:requireOrigin is true" in refusal(
        requireOrigin="true"
    )


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.parse(
            {"tokenz": "{}", "lambdaMemoryMb": "1", "requireOrigin": "true", "RpcUrl": "http://x"},
            secrets={"RpcUrl"},
            stack="prod",
        )

    wrong = [problem.key for problem in refused.value.problems]
    assert sorted(wrong) == ["HeliusApiKey", "RpcUrl", "allowedOrigins", "lambdaMemoryMb", "tokenz"]
    assert str(refused.value).startswith("Stack prod: 5 settings are wrong.\n")


def test_local_pages_may_be_listed_but_are_no_cors_origins() -> None:
    listed = ("http://localhost:*", "http://127.0.0.1:3000", "null", "file://")

    settings = parse(allowedOrigins=str(list(listed)).replace("'", '"'))

    assert settings.allowed_origins == listed
    assert settings.cors_origins == ("http://127.0.0.1:3000",)


def test_every_key_is_documented() -> None:
    table = config_table().splitlines()

    assert len(table) == 2 + len(Settings.model_fields)
    assert all(row.count(" | ") == 2 and row.endswith(". |") for row in table[2:])
