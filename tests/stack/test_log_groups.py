"""Log groups that a replaced system left behind are adopted, not made again."""

from collections.abc import Sequence

from tests.stack.recording import Deployment, deploy

LEFT = ["/aws/lambda/glow-prod-HeliusPriceWebhook", "/aws/lambda/glow-prod-BroadcastWorker"]
OTHERS = ["/aws/lambda/glow-prod-OldFunction", "/aws/lambda/glow-dev-PriceApi", "/aws/lambda/x"]
DEPLOYED = {"FunctionNames": {"webhook": "glow-prod-HeliusPriceWebhook"}}


def test_every_log_ends_those_of_accesses_too() -> None:
    config = {"websocketAccessLogs": "true", "logRetentionDays": "14"}

    groups = deploy(config=config).of_type("aws:cloudwatch/logGroup:LogGroup")

    names = {each.inputs["name"] for each in groups}
    assert {"/aws/vendedlogs/glow-prod-RestApi", "/aws/vendedlogs/glow-prod-WebSocketApi"} < names
    assert {each.inputs["retentionInDays"] for each in groups} == {14}


def adopted(deployment: Deployment) -> Sequence[str]:
    return sorted(each.adopted for each in deployment.resources if each.adopted)


def test_groups_that_are_left_behind_are_adopted_and_named() -> None:
    deployment = deploy(log_groups=[*LEFT, *OTHERS])

    assert adopted(deployment) == sorted(LEFT)
    for group in LEFT:
        assert f"{group} is there already and is adopted" in deployment.told


def test_group_that_the_stack_has_made_is_not_adopted() -> None:
    deployment = deploy(log_groups=LEFT, last_outputs=DEPLOYED)

    assert adopted(deployment) == [LEFT[1]]


def test_stack_that_has_all_its_functions_asks_for_no_log_groups() -> None:
    """The role of a preview on a pull request may not read them."""
    names = deploy().outputs["FunctionNames"]

    again = deploy(log_groups=None, last_outputs={"FunctionNames": names})

    assert adopted(again) == []
    assert "DescribeLogGroups" not in again.told


def test_who_may_not_look_is_warned_and_goes_on() -> None:
    deployment = deploy(log_groups=None)

    assert adopted(deployment) == []
    assert "may need the right logs:DescribeLogGroups" in deployment.told
