"""SNS topics and their subscribers."""

from typing import ClassVar

from pulumi_aws import sns

from local.provider.aws.base import AwsResource
from local.provider.resource import Inputs, State
from local.provider.values import Properties


class Topic(AwsResource):
    """aws.sns.Topic."""

    args = sns.TopicArgs
    inputs: ClassVar[Inputs] = {"name": "Name"}
    replaced_by = frozenset({"name"})
    outputs = frozenset({"arn", "owner"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        return self.aws.sns.create_topic(**self.request(inputs))["TopicArn"]

    def read(self, state: State) -> Properties:
        topic = self.aws.sns.get_topic_attributes(TopicArn=state.id)["Attributes"]
        arn = topic["TopicArn"]
        return {"arn": arn, "name": arn.rpartition(":")[2], "owner": topic["Owner"]}

    def delete(self, state: State) -> None:
        self.aws.sns.delete_topic(TopicArn=state.id)


class TopicSubscription(AwsResource):
    """aws.sns.TopicSubscription."""

    args = sns.TopicSubscriptionArgs
    inputs: ClassVar[Inputs] = {"endpoint": "Endpoint", "protocol": "Protocol", "topic": "TopicArn"}
    replaced_by = frozenset({"endpoint", "protocol", "topic"})
    outputs = frozenset({"arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"})
    importable = True

    def create(self, inputs: Properties) -> str:
        subscribed = self.aws.sns.subscribe(**self.request(inputs), ReturnSubscriptionArn=True)
        return subscribed["SubscriptionArn"]

    def read(self, state: State) -> Properties:
        answer = self.aws.sns.get_subscription_attributes(SubscriptionArn=state.id)
        subscription = answer["Attributes"]
        return {
            **self.response(subscription),
            "arn": subscription["SubscriptionArn"],
            "confirmationWasAuthenticated": subscription["ConfirmationWasAuthenticated"] == "true",
            "ownerId": subscription["Owner"],
            "pendingConfirmation": subscription["PendingConfirmation"] == "true",
        }

    def delete(self, state: State) -> None:
        self.aws.sns.unsubscribe(SubscriptionArn=state.id)
