"""SQS queues and their redrive allow policies."""

from typing import TYPE_CHECKING, ClassVar, Final, cast

from pulumi_aws import sqs

from local.provider.aws.base import AwsResource, GoneError
from local.provider.resource import OWN, Inputs, State
from local.provider.values import Properties, Value, text

if TYPE_CHECKING:  # the stubs are installed for the type checker only
    from types_boto3_sqs.literals import QueueAttributeNameType

# The defaults, for inputs that the program no longer gives (SetQueueAttributes' API reference).
DEFAULT_ATTRIBUTES: Final[dict[str, Value]] = {
    "ContentBasedDeduplication": False,
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
    "MessageRetentionPeriod": 345600,
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": True,
    "VisibilityTimeout": 30,
}


class Queue(AwsResource):
    """aws.sqs.Queue."""

    args = sqs.QueueArgs
    inputs: ClassVar[Inputs] = {
        "contentBasedDeduplication": "ContentBasedDeduplication",
        "deduplicationScope": "DeduplicationScope",
        "fifoQueue": "FifoQueue",
        "fifoThroughputLimit": "FifoThroughputLimit",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "name": OWN,
        "redrivePolicy": "RedrivePolicy",
        "sqsManagedSseEnabled": "SqsManagedSseEnabled",
        "visibilityTimeoutSeconds": "VisibilityTimeout",
    }
    replaced_by = frozenset({"fifoQueue", "name"})
    outputs = frozenset({"arn", "url"})
    autoname = "name"

    def create(self, inputs: Properties) -> str:
        queue = self.aws.sqs.create_queue(
            QueueName=text(inputs, "name"), Attributes=_texts(self.request(inputs))
        )
        return queue["QueueUrl"]

    def read(self, state: State) -> Properties:
        answer = self.aws.sqs.get_queue_attributes(QueueUrl=state.id, AttributeNames=["QueueArn"])
        return {"arn": answer["Attributes"]["QueueArn"], "url": state.id}

    def update(self, state: State, news: Properties) -> None:
        before, after = self.request(state.properties), self.request(news)
        undone = {name: DEFAULT_ATTRIBUTES[name] for name in before.keys() - after.keys()}
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
        if "RedriveAllowPolicy" not in answer.get("Attributes", {}):
            raise GoneError(state.id)
        return {}

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
