"""What a function's role allows, and which of that it used, as the emulator's CloudTrail tells."""

import hashlib
import json

from tests.local.aws import Aws

# One right covers both: IAM has no action of its own for a batch.
_ACTION_OF = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "SendMessageBatch": "SendMessage",
}
_SERVICES = {"dynamodb.amazonaws.com": "dynamodb", "sqs.amazonaws.com": "sqs"}
# What the functions may call at all; the emulator looks events up by name only.
_EVENT_NAMES = (
    "BatchGetItem",
    "BatchWriteItem",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "SendMessage",
    "SendMessageBatch",
    "TransactWriteItems",
    "UpdateItem",
)


def role_of(aws: Aws, function: str) -> str:
    return aws.client("lambda").get_function_configuration(FunctionName=function)["Role"]


def statements(aws: Aws, role_arn: str) -> list[dict[str, list[str]]]:
    iam = aws.client("iam")
    role = role_arn.rsplit("/", 1)[-1]
    found: list[dict[str, list[str]]] = []
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        parsed = json.loads(document) if isinstance(document, str) else document
        for statement in parsed["Statement"]:
            assert statement["Effect"] == "Allow"
            found.append({key: _as_list(statement[key]) for key in ("Action", "Resource")})
    return found


def allowed_actions(aws: Aws, role_arn: str) -> set[str]:
    return {action for statement in statements(aws, role_arn) for action in statement["Action"]}


def used_actions(aws: Aws, function_arn: str, role_arn: str) -> set[str]:
    """What the function called, from the emulator's CloudTrail, by the session key it made."""
    digest = hashlib.sha256(f"{function_arn}:{role_arn}".encode()).hexdigest()
    key = f"ASIA{digest[:16].upper()}"
    trail = aws.client("cloudtrail")
    used: set[str] = set()
    for name in sorted({*_EVENT_NAMES}):
        found = trail.lookup_events(
            LookupAttributes=[
                {"AttributeKey": "AccessKeyId", "AttributeValue": key},
                {"AttributeKey": "EventName", "AttributeValue": name},
            ]
        )["Events"]
        for event in found:
            action = _ACTION_OF.get(event["EventName"], event["EventName"])
            used.add(f"{_SERVICES[event['EventSource']]}:{action}")
    return used


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
