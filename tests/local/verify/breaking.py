"""Ways to break a stack. Each yields the target that `verify` is to look at, and mends the stack again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from components.helius.api import HeliusApi
from local.cloud import LocalCloud
from ops.verify.target import Target
from tests.local.aws import Aws
from tests.local.helius import switch_off
from tests.local.verify.far import far_away

EDGE_LIMIT_MS = 100


@dataclass(frozen=True)
class Stage:
    """What is there to be broken."""

    target: Target
    aws: Aws
    cloud: LocalCloud


Bring = Callable[[Stage], AbstractContextManager[Target]]


def config_says(**values: object) -> Bring:
    @contextmanager
    def bring(stage: Stage) -> Generator[Target]:
        yield replace(stage.target, config=replace(stage.target.config, **values))  # type: ignore[arg-type]

    return bring


def outputs_say(**values: str) -> Bring:
    """As after what they name became another."""

    @contextmanager
    def bring(stage: Stage) -> Generator[Target]:
        outputs = {**stage.target.deployed.outputs, **values}
        yield replace(stage.target, deployed=replace(stage.target.deployed, outputs=outputs))

    return bring


@contextmanager
def origin_is_not_listed(stage: Stage) -> Generator[Target]:
    yield replace(stage.target, origin="https://app.example.com")


@contextmanager
def nothing(stage: Stage) -> Generator[Target]:
    yield stage.target


@contextmanager
def mapping_is_off(stage: Stage) -> Generator[Target]:
    client = stage.aws.client("lambda")
    name = stage.target.deployed.function_names["broadcast"]
    (mapping,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield stage.target
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def ttl_is_off(stage: Stage) -> Generator[Target]:
    client = stage.aws.client("dynamodb")

    def switch(enabled: bool) -> None:
        client.update_time_to_live(
            TableName=stage.target.deployed.text("PriceTableName"),
            TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expiresAt"},
        )

    switch(False)
    yield stage.target
    switch(True)


@contextmanager
def dead_letter(stage: Stage) -> Generator[Target]:
    url = stage.target.deployed.text("BroadcastDeadLetterQueueUrl")
    stage.aws.client("sqs").send_message(
        QueueUrl=url, MessageBody="{}", MessageGroupId="a", MessageDeduplicationId="a"
    )
    yield stage.target
    assert len(stage.aws.take(url)) == 1


@contextmanager
def helius_is_off(stage: Stage) -> Generator[Target]:
    assert stage.target.config.helius is not None
    api = HeliusApi(stage.target.config.helius.origin, stage.target.config.helius.key)
    (webhook,) = (each for each in api.all() if each.url == stage.target.webhook_url)
    switch_off(stage.target.config.helius.origin, {"webhookID": webhook.id})
    yield stage.target
    api.switch_on(webhook.id)


def alarm_is_mute(name: str) -> Bring:
    @contextmanager
    def bring(stage: Stage) -> Generator[Target]:
        client = stage.aws.client("cloudwatch")
        client.disable_alarm_actions(AlarmNames=[f"glow-{stage.target.name}-{name}"])
        yield stage.target
        client.enable_alarm_actions(AlarmNames=[f"glow-{stage.target.name}-{name}"])

    return bring


@contextmanager
def edge_is_far_away(stage: Stage) -> Generator[Target]:
    """As from where a room is made on another continent."""
    edge_url = stage.target.deployed.text("EdgeUrl")
    with (
        far_away(edge_url, seconds=2 * EDGE_LIMIT_MS / 1_000) as url,
        outputs_say(EdgeUrl=url)(stage) as target,
    ):
        yield target


@contextmanager
def worker_is_gone(stage: Stage) -> Generator[Target]:
    """The stack finds its edge dead meanwhile, and sends its clients to AWS."""
    stage.cloud.stop_cloudflare()
    try:
        yield stage.target
    finally:
        stage.cloud.start_cloudflare()


@contextmanager
def table_is_deleted(stage: Stage) -> Generator[Target]:
    """For good: only an `up --refresh` brings it back."""
    client, name = stage.aws.client("dynamodb"), stage.target.deployed.text("CandlesTableName")
    client.delete_table(TableName=name)
    yield stage.target


@contextmanager
def budget_is_gone(stage: Stage) -> Generator[Target]:
    client = stage.aws.client("budgets")
    named = {"AccountId": stage.target.account, "BudgetName": f"glow-{stage.target.name}"}
    budget = client.describe_budget(**named)["Budget"]
    alerts = [
        {
            "Notification": alert,
            "Subscribers": client.describe_subscribers_for_notification(
                **named, Notification=alert
            )["Subscribers"],
        }
        for alert in client.describe_notifications_for_budget(**named)["Notifications"]
    ]
    client.delete_budget(**named)
    yield stage.target
    client.create_budget(
        AccountId=stage.target.account, Budget=budget, NotificationsWithSubscribers=alerts
    )


@contextmanager
def alarm_rings(stage: Stage) -> Generator[Target]:
    client, name = stage.aws.client("cloudwatch"), f"glow-{stage.target.name}-BroadcastLate"
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried")
    yield stage.target
    client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="tried")


@contextmanager
def functions_have_another_edge_secret(stage: Stage) -> Generator[Target]:
    """All that post to the edge: the retry lane would bring what the webhook could not."""
    client = stage.aws.client("lambda")
    names = [stage.target.deployed.function_names[slug] for slug in ("webhook", "edge-retry")]
    own = {
        name: client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in names
    }
    other = {"EDGE_BROADCAST_SECRET": "another-secret"}
    for name, variables in own.items():
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables | other}
        )
    yield stage.target
    for name, variables in own.items():
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
