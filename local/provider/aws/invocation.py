"""A call of a Lambda function as a resource. Creating or replacing the resource makes the call."""

import hashlib
import json
from typing import ClassVar

from pulumi_aws import lambda_

from local.provider.aws.base import AwsResource
from local.provider.aws.session import Session
from local.provider.resource import OWN, Inputs, State
from local.provider.values import UNKNOWN, Properties, text


class Invocation(AwsResource):
    """aws.lambda.Invocation with its default lifecycle: read and delete do not call the function."""

    args = lambda_.InvocationArgs
    inputs: ClassVar[Inputs] = {"functionName": "FunctionName", "input": "Payload", "triggers": OWN}
    replaced_by = frozenset(inputs)
    outputs = frozenset({"result"})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._results: dict[str, str] = {}

    @classmethod
    def completed(cls, inputs: Properties) -> Properties:
        """The inputs, unchanged. An `input` that is not JSON is refused here, in the preview."""
        given = inputs.get("input")
        if isinstance(given, str) and given != UNKNOWN:
            _require_json(given)
        return inputs

    def create(self, inputs: Properties) -> str:
        answer = self.aws.lambda_.invoke(**self.request(inputs))
        result = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise ValueError(f"{text(inputs, 'functionName')} failed: {result}")
        identity = f"{text(inputs, 'functionName')}_$LATEST_{text(inputs, 'input')}"
        resource_id = hashlib.sha256(identity.encode()).hexdigest()
        self._results[resource_id] = result
        return resource_id

    def read(self, state: State) -> Properties:
        # Only the stack's state has the result; AWS keeps no record of what a call returned.
        return {"result": self._results.get(state.id) or state.text("result")}

    def delete(self, state: State) -> None:
        """Do nothing: a call cannot be undone."""


def _require_json(given: str) -> None:
    try:
        json.loads(given)
    except ValueError as error:
        raise ValueError(f'"input" contains an invalid JSON: {error}') from error
