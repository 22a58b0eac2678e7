"""Log groups that exist before the program does: listed, refused, imported."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local.provider.aws import Aws
from local.provider.aws.session import Session
from local.provider.resource import Connected
from local.provider.values import Properties
from tests.provider.client import Provider, served

pytestmark = pytest.mark.cloud

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
GET_LOG_GROUPS = "aws:cloudwatch/getLogGroups:getLogGroups"
LEFT_BEHIND = "/aws/lambda/left-behind"


@pytest.fixture(scope="module")
def connected(aws_config: Properties, aws: Session) -> Connected:
    aws.logs.create_log_group(logGroupName=LEFT_BEHIND)
    aws.logs.put_retention_policy(logGroupName=LEFT_BEHIND, retentionInDays=30)
    return Aws().connect(aws_config)


@pytest.fixture
def provider(connected: Connected, aws_config: Properties) -> Iterator[Provider]:
    assert connected
    with served(Aws()) as provider:
        provider.configure(aws_config)
        yield provider


def test_groups_are_listed_by_the_beginning_of_their_names(provider: Provider) -> None:
    listed = provider.invoke(GET_LOG_GROUPS, {"logGroupNamePrefix": "/aws/lambda/left"})
    assert listed["logGroupNames"] == [LEFT_BEHIND]
    assert listed["arns"] == [f"arn:aws:logs:us-east-1:000000000000:log-group:{LEFT_BEHIND}"]
    none = provider.invoke(GET_LOG_GROUPS, {"logGroupNamePrefix": "/aws/lambda/right"})
    assert none["logGroupNames"] == []


def test_argument_that_is_not_handled_is_refused(connected: Connected) -> None:
    with pytest.raises(ValueError, match="getLogGroups does not handle region"):
        connected.functions[GET_LOG_GROUPS]({"region": "us-west-2"})


def test_group_that_exists_is_not_made_again(connected: Connected) -> None:
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        connected.resources[LOG_GROUP].create({"name": LEFT_BEHIND})


def test_group_that_exists_is_imported_with_its_settings(provider: Provider) -> None:
    imported = provider.read(LOG_GROUP, LEFT_BEHIND, {})
    assert imported.inputs == {"name": LEFT_BEHIND, "retentionInDays": 30}
    assert str(imported.properties["arn"]).endswith(LEFT_BEHIND)


def test_group_that_is_not_there_cannot_be_imported(provider: Provider) -> None:
    assert provider.read(LOG_GROUP, "/aws/lambda/never", {}).id == ""
