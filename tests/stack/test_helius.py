"""The webhook at Helius as the program declares it, and the settings that it needs."""

import json
from typing import Any

import pytest

from components.settings.load import parse_settings
from components.settings.problems import SettingsError
from tests.stack.recording import NODE, WEBHOOK_SECRET, Deployment, Secret, deploy

KEY = "0123456789abcdef-helius"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"
TYPE = "pulumi-python:dynamic/glow:HeliusWebhook"


def with_webhook(tokens: dict[str, str] | None = None, **helius: Any) -> dict[str, str]:
    return {
        "HeliusApiKey": KEY,
        "helius": json.dumps({"manageWebhook": True, **helius}),
        "tokens": json.dumps({"BONK": BONK, "WIF": WIF} if tokens is None else tokens),
    }


def webhook_of(deployment: Deployment) -> dict[str, Any]:
    (webhook,) = deployment.of_type(TYPE)
    return {key: value for key, value in webhook.inputs.items() if not key.startswith("__")}


def test_webhook_watches_the_mints_and_sends_the_secret_as_the_function_expects_it() -> None:
    assert webhook_of(deploy(config=with_webhook())) == {
        "webhookUrl": "https://glow-prod-RestApi.example/webhook/price",
        "webhookType": "raw",
        "transactionTypes": ["ANY"],
        "accountAddresses": [BONK, WIF],
        "authHeader": Secret(f"Bearer {WEBHOOK_SECRET}"),
    }


def test_what_config_says_of_it_is_what_is_asked_for() -> None:
    webhook = webhook_of(
        deploy(config=with_webhook(webhookType="enhanced", swapsOnly=True, addresses=[WIF]))
    )

    assert webhook["webhookType"] == "enhanced"
    assert webhook["transactionTypes"] == ["BUY", "SELL", "SWAP"]
    assert webhook["accountAddresses"] == [WIF]


def test_helius_hears_of_it_when_everything_takes_what_it_posts() -> None:
    """Also while the secret is rotated: the function accepts both before Helius sends the new one."""
    deployment = deploy(config=with_webhook())
    (webhook,) = deployment.of_type(TYPE)
    needed = {
        resource.urn for resource in deployment.resources if resource.urn in webhook.depends_on
    }
    types = {urn.split("::")[2].split("$")[-1] for urn in needed}

    assert deployment.named("glow-webhook-function").urn in needed
    assert {"aws:apigatewayv2/stage:Stage", "aws:apigatewayv2/route:Route"} <= types
    assert "aws:lambda/permission:Permission" in types


def test_key_is_in_no_input_and_no_output() -> None:
    deployment = deploy(config=with_webhook())

    told = [deployment.outputs, *(resource.inputs for resource in deployment.resources)]
    assert KEY not in str(told)


def test_by_default_somebody_registers_it_by_hand() -> None:
    assert deploy(config={"HeliusApiKey": KEY}).of_type(TYPE) == []


def variables(deployment: Deployment, name: str) -> dict[str, Any]:
    return deployment.named(name).inputs["environment"]["variables"]


def test_node_is_told_to_those_that_ask_it_alone_and_as_a_secret() -> None:
    deployment = deploy(config={"completionsPerBody": "3"})
    asking = {"glow-completion-function", "glow-holes-function"}

    for name in asking:
        assert variables(deployment, name)["RPC_URL"] == Secret(NODE)
    assert variables(deployment, "glow-webhook-function")["COMPLETIONS_PER_BODY"] == "3"
    others = [each.inputs for each in deployment.resources if each.name not in asking]
    assert "what-the-node-lets-in" not in str([*others, deployment.outputs])


def test_without_a_node_nothing_is_ordered_and_nobody_waits_for_orders() -> None:
    deployment = deploy(config={"RpcUrl": ""})

    assert variables(deployment, "glow-webhook-function")["COMPLETIONS_PER_BODY"] == "0"
    assert not [each for each in deployment.resources if each.name == "glow-completion"]


REFUSED = [
    pytest.param({"addresses": [WIF]}, {}, "HeliusApiKey", id="without-a-key"),
    pytest.param({}, {"HeliusApiKey": KEY}, "helius.addresses", id="nothing-to-watch"),
    pytest.param(
        {},
        {"HeliusApiKey": KEY, "tokens": json.dumps({"X": "MY_TOKEN"})},
        "helius.addresses",
        id="token-that-is-no-account",
    ),
    pytest.param(
        {"addresses": [WIF], "swapsOnly": True},
        {"HeliusApiKey": KEY},
        "helius.swapsOnly",
        id="swaps-of-raw-bodies",
    ),
    pytest.param(
        {"addresses": [WIF], "apiBaseUrl": "http://127.0.0.1:4567"},
        {"HeliusApiKey": KEY},
        "helius.apiBaseUrl",
        id="helius-on-this-machine",
    ),
    pytest.param(
        {"addresses": [WIF], "apiBaseUrl": "https://helius.example/?api-key=x"},
        {"HeliusApiKey": KEY},
        "helius.apiBaseUrl",
        id="more-than-an-origin",
    ),
    pytest.param(
        {"addresses": [WIF]},
        {"HeliusApiKey": KEY, "RpcUrl": "http://127.0.0.1:8899/?api-key=0123"},
        "RpcUrl",
        id="node-on-this-machine",
    ),
    pytest.param(
        {"addresses": [WIF]},
        {"HeliusApiKey": KEY, "RpcUrl": "http://rpc.example.com/?api-key=0123"},
        "RpcUrl",
        id="node-without-tls",
    ),
    pytest.param(
        {"addresses": ["BONK"]}, {"HeliusApiKey": KEY}, "helius.addresses[0]", id="symbol"
    ),
    pytest.param(
        {"addresses": WIF}, {"HeliusApiKey": KEY}, "helius.addresses", id="text-for-a-list"
    ),
    pytest.param(
        {"addresses": [WIF], "webhookType": "discord"},
        {"HeliusApiKey": KEY},
        "helius.webhookType",
        id="type-that-nobody-reads",
    ),
    pytest.param(
        {"addresses": [WIF], "webhook": True},
        {"HeliusApiKey": KEY},
        "helius.webhook",
        id="misspelt",
    ),
]


@pytest.mark.parametrize(("helius", "others", "key"), REFUSED)
def test_settings_that_do_not_fit_stop_with_a_command_that_mends_them(
    helius: dict[str, Any], others: dict[str, str], key: str
) -> None:
    values = {
        "HeliusWebhookSecret": WEBHOOK_SECRET,
        "helius": json.dumps({"manageWebhook": True, **helius}),
        **others,
    }
    secrets = {"HeliusWebhookSecret", "HeliusApiKey", "RpcUrl"}

    with pytest.raises(SettingsError) as caught:
        parse_settings(values, secrets=secrets, stack="prod")

    assert [problem.key for problem in caught.value.problems] == [key]
    assert caught.value.problems[0].commands
    assert KEY not in str(caught.value)
    assert "0123" not in str(caught.value)


def test_node_on_this_machine_is_for_stack_local() -> None:
    values = {"HeliusWebhookSecret": WEBHOOK_SECRET, "RpcUrl": "http://127.0.0.1:8899/?k=0123"}

    settings = parse_settings(values, secrets=values, stack="local")

    assert settings.rpc_url is not None
