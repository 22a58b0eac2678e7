"""SQS queues and their redrive allow policies."""

from typing import TYPE_CHECKING, ClassVar, cast

from pulumi_aws import sqs

from local.provider.aws.base import AwsResource, GoneError
from local.provider.resource import OWN, Inputs, State
from local.provider.values import Properties, Value, text

if TYPE_CHECKING:  # the stubs are installed for the type checker only
    from types_boto3_sqs.literals import QueueAttributeNameType


class Queue(AwsResource):
    """aws.sqs.Queue."""

    args = sqs.QueueArgs
    inputs: ClassVar[Inputs] = {
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "deduplicationScope": "DeduplicationScope",
        "fifoQueue": "FifoQueue",
        "fifoThroughputLimit": "FifoThroughputLimit",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "name": OWN,
        "redrivePolicy": "RedrivePolicy",
        "sqsManagedSseEnabled": "SqsManagedSseEnabled",
        "visibilityTimeoutSeconds": "VisibilityTimeout",
    }
    replaced_by = frozenset({"fifoQueue", "name"})
    # SetQueueAttributes' API reference.
    defaults: ClassVar[Properties] = {
        "contentBasedDeduplication": False,
        "deduplicationScope": "queue",
        "fifoQueue": False,
        "fifoThroughputLimit": "perQueue",
        "kmsMasterKeyId": "",
        "messageRetentionSeconds": 345600,
        "redrivePolicy": "",
        "sqsManagedSseEnabled": True,
        "visibilityTimeoutSeconds": 30,
    }
    outputs = frozenset({"arn", "url"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        queue = self.aws.sqs.create_queue(
            QueueName=text(inputs, "name"), Attributes=_texts(self.request(inputs))
        )
        return queue["QueueUrl"]

    def read(self, state: State) -> Properties:
        answer = self.aws.sqs.get_queue_attributes(QueueUrl=state.id, AttributeNames=["All"])
        attributes: dict[str, str] = {**answer["Attributes"]}
        arn = attributes["QueueArn"]
        return {
            **{name: _value(given) for name, given in self.response(attributes).items()},
            "arn": arn,
            "name": arn.rpartition(":")[2],
            "url": state.id,
        }

    def update(self, state: State, news: Properties) -> None:
        before, after = self.request(state.properties), self.request(news)
        defaults = self.request(self.defaults)
        undone = {name: defaults[name] for name in before.keys() - after.keys()}
        after.pop("FifoQueue", None)  # SetQueueAttributes refuses it
        self.aws.sqs.set_queue_attributes(QueueUrl=state.id, Attributes=_texts({**after, **undone}))

    def delete(self, state: State) -> None:
        self.aws.sqs.delete_queue(QueueUrl=state.id)


class RedriveAllowPolicy(AwsResource):
    """aws.sqs.RedriveAllowPolicy: an attribute of a queue. Its id is the queue's URL."""

    args = sqs.RedriveAllowPolicyArgs
    inputs: ClassVar[Inputs] = {"queueUrl": OWN, "redriveAllowPolicy": "RedriveAllowPolicy"}
    replaced_by = frozenset({"queueUrl"})
    outputs = frozenset[str]()

    def create(self, inputs: Properties) -> str:
        url = text(inputs, "queueUrl")
        self.update(State(url, {}), inputs)
        return url

    def read(self, state: State) -> Properties:
        answer = self.aws.sqs.get_queue_attributes(
            QueueUrl=state.id, AttributeNames=["RedriveAllowPolicy"]
        )
        policy = answer.get("Attributes", {}).get("RedriveAllowPolicy")
        if not policy:
            raise GoneError(state.id)
        return {"redriveAllowPolicy": policy}

    def update(self, state: State, news: Properties) -> None:
        self.aws.sqs.set_queue_attributes(QueueUrl=state.id, Attributes=_texts(self.request(news)))

    def delete(self, state: State) -> None:
        self.update(state, {"redriveAllowPolicy": ""})


def _texts(attributes: dict[str, Value]) -> "dict[QueueAttributeNameType, str]":
    """The attributes as text, which SQS requires."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in attributes.items()
    }
    return cast("dict[QueueAttributeNameType, str]", texts)


def _value(attribute: Value) -> Value:
    """The value of an attribute that SQS answers as text."""
    match attribute:
        case "true" | "false":
            return attribute == "true"
        case str() if attribute.isdecimal():
            return int(attribute)
        case _:
            return attribute or None
