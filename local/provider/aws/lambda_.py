"""Lambda functions, layers, permissions and event source mappings."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from pulumi_aws import lambda_

from local.provider.archive import zip_bytes
from local.provider.aws.base import AwsResource, GoneError
from local.provider.resource import OWN, Block, Inputs, State
from local.provider.values import Properties, block, text

# UpdateFunctionCode changes these; UpdateFunctionConfiguration changes the others.
IN_CODE: Final = frozenset({"architectures", "code"})

# Lambda measures all variables as one JSON text: it prints that text in the error, as "String measured".
ENVIRONMENT_BYTES: Final = 4096

# Lambda polls a queue or a stream with the function's role. It accepts a mapping only if the role allows
# these.
POLLING_ACTIONS: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
READING_ACTIONS: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)


class Function(AwsResource):
    """aws.lambda.Function."""

    args = lambda_.FunctionArgs
    inputs: ClassVar[Inputs] = {
        "architectures": "Architectures",
        "code": OWN,
        "environment": Block("Environment", {"variables": "Variables"}),
        "handler": "Handler",
        "kmsKeyArn": "KMSKeyArn",
        "layers": "Layers",
        "loggingConfig": Block(
            "LoggingConfig",
            {
                "applicationLogLevel": "ApplicationLogLevel",
                "logFormat": "LogFormat",
                "logGroup": "LogGroup",
                "systemLogLevel": "SystemLogLevel",
            },
        ),
        "memorySize": "MemorySize",
        "name": "FunctionName",
        "role": "Role",
        "runtime": "Runtime",
        "timeout": "Timeout",
        "tracingConfig": Block("TracingConfig", {"mode": "Mode"}),
    }
    replaced_by = frozenset({"name"})
    # CreateFunction's API reference.
    defaults: ClassVar[Properties] = {
        "architectures": ["x86_64"],
        "environment": {"variables": {}},
        "kmsKeyArn": "",
        "layers": [],
        "loggingConfig": {"logFormat": "Text"},
        "memorySize": 128,
        "timeout": 3,
        "tracingConfig": {"mode": "PassThrough"},
    }
    changing = frozenset({"codeSha256", "lastModified", "sourceCodeSize"})
    outputs = changing | {"arn", "invokeArn", "qualifiedArn", "qualifiedInvokeArn", "version"}
    autoname = "name"

    def create(self, inputs: Properties) -> str:
        _refuse_too_much_environment(inputs)
        created = self.aws.lambda_.create_function(
            **self.request(inputs), Code={"ZipFile": zip_bytes(inputs["code"])}
        )
        self.aws.lambda_.get_waiter("function_active_v2").wait(FunctionName=text(inputs, "name"))
        return created["FunctionName"]

    def read(self, state: State) -> Properties:
        function = self.aws.lambda_.get_function_configuration(FunctionName=state.id)
        arn, version = function["FunctionArn"], function["Version"]
        return {
            **self.response(function),
            "arn": arn,
            "codeSha256": function["CodeSha256"],
            "invokeArn": self._invoke_arn(arn),
            "lastModified": function["LastModified"],
            "layers": [layer.get("Arn") for layer in function.get("Layers", [])],
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": self._invoke_arn(f"{arn}:{version}"),
            "sourceCodeSize": function["CodeSize"],
            "version": version,
        }

    def update(self, state: State, news: Properties) -> None:
        _refuse_too_much_environment(news)
        changed = {name for name in self.inputs if state.properties.get(name) != news.get(name)}
        if changed - IN_CODE:
            full = {**self.defaults, **news}
            configuration = self.request({name: full[name] for name in full.keys() - IN_CODE})
            self.aws.lambda_.update_function_configuration(**configuration)
            self._wait_until_updated(state.id)
        if changed & IN_CODE:
            self.aws.lambda_.update_function_code(
                FunctionName=state.id,
                **self.request({name: news[name] for name in IN_CODE & news.keys()}),
                ZipFile=zip_bytes(news["code"]),
            )
            self._wait_until_updated(state.id)

    def delete(self, state: State) -> None:
        self.aws.lambda_.delete_function(FunctionName=state.id)

    def _wait_until_updated(self, name: str) -> None:
        self.aws.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)

    def _invoke_arn(self, arn: str) -> str:
        """The function's URI for an API Gateway integration."""
        return (
            f"arn:aws:apigateway:{self.aws.region}:lambda:path/2015-03-31/functions/{arn}"
            "/invocations"
        )


class LayerVersion(AwsResource):
    """aws.lambda.LayerVersion, with its ARN as id. The ARN ends with the version number."""

    args = lambda_.LayerVersionArgs
    inputs: ClassVar[Inputs] = {
        "code": OWN,
        "compatibleArchitectures": "CompatibleArchitectures",
        "compatibleRuntimes": "CompatibleRuntimes",
        "layerName": "LayerName",
    }
    replaced_by = frozenset(inputs)
    outputs = frozenset({
        "arn", "codeSha256", "createdDate", "layerArn", "sourceCodeSize", "version",
    })  # fmt: skip

    def create(self, inputs: Properties) -> str:
        layer = self.aws.lambda_.publish_layer_version(
            **self.request(inputs), Content={"ZipFile": zip_bytes(inputs["code"])}
        )
        return layer["LayerVersionArn"]

    def read(self, state: State) -> Properties:
        layer = self.aws.lambda_.get_layer_version_by_arn(Arn=state.id)
        return {
            **self.response(layer),
            "arn": state.id,
            "codeSha256": layer["Content"].get("CodeSha256", ""),
            "createdDate": layer["CreatedDate"],
            "layerArn": layer["LayerArn"],
            "layerName": layer["LayerArn"].rpartition(":")[2],
            "sourceCodeSize": layer["Content"].get("CodeSize", 0),
            "version": str(layer["Version"]),
        }

    def delete(self, state: State) -> None:
        # By name, because ministack also accepts the layer's ARN but then deletes nothing.
        self.aws.lambda_.delete_layer_version(
            LayerName=state.text("layerName"), VersionNumber=int(state.text("version"))
        )


class Permission(AwsResource):
    """aws.lambda.Permission: a statement in the function's policy."""

    args = lambda_.PermissionArgs
    inputs: ClassVar[Inputs] = {
        "action": "Action",
        "function": "FunctionName",
        "principal": "Principal",
        "sourceArn": "SourceArn",
        "statementId": "StatementId",
    }
    replaced_by = frozenset(inputs)
    outputs = frozenset[str]()
    autoname = "statementId"

    def create(self, inputs: Properties) -> str:
        self.aws.lambda_.add_permission(**self.request(inputs))
        return text(inputs, "statementId")

    def read(self, state: State) -> Properties:
        answer = self.aws.lambda_.get_policy(FunctionName=state.text("function"))
        statements = json.loads(answer["Policy"])["Statement"]
        for statement in statements:
            if statement["Sid"] == state.id:
                return _permitted(statement)
        raise GoneError(state.id)

    def delete(self, state: State) -> None:
        self.aws.lambda_.remove_permission(
            FunctionName=state.text("function"), StatementId=state.id
        )


class EventSourceMapping(AwsResource):
    """aws.lambda.EventSourceMapping of an SQS queue or of a table's stream."""

    args = lambda_.EventSourceMappingArgs
    inputs: ClassVar[Inputs] = {
        "batchSize": "BatchSize",
        "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
        "destinationConfig": Block(
            "DestinationConfig",
            {"onFailure": Block("OnFailure", {"destinationArn": "Destination"})},
        ),
        "eventSourceArn": "EventSourceArn",
        "filterCriteria": Block(
            "FilterCriteria", {"filters": Block("Filters", {"pattern": "Pattern"})}
        ),
        "functionName": "FunctionName",
        "functionResponseTypes": "FunctionResponseTypes",
        "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
        "maximumRetryAttempts": "MaximumRetryAttempts",
        "parallelizationFactor": "ParallelizationFactor",
        "scalingConfig": Block("ScalingConfig", {"maximumConcurrency": "MaximumConcurrency"}),
        "startingPosition": "StartingPosition",
    }
    replaced_by = frozenset({"eventSourceArn", "startingPosition"})
    # CreateEventSourceMapping's API reference.
    defaults: ClassVar[Properties] = {
        "batchSize": 10,
        "functionResponseTypes": [],
        "maximumBatchingWindowInSeconds": 0,
        "scalingConfig": {},
    }
    changing = frozenset({"functionArn", "lastModified", "lastProcessingResult"})
    outputs = changing | {"arn", "state", "stateTransitionReason", "uuid"}

    def create(self, inputs: Properties) -> str:
        self._refuse_what_aws_refuses(inputs)
        mapping = self.aws.lambda_.create_event_source_mapping(**self.request(inputs))
        return mapping["UUID"]

    def read(self, state: State) -> Properties:
        mapping = self.aws.lambda_.get_event_source_mapping(UUID=state.id)
        return {
            **self.response(mapping),
            "arn": mapping["EventSourceMappingArn"],
            "functionArn": mapping["FunctionArn"],
            "functionName": _as_given(state, mapping["FunctionArn"]),
            "lastModified": mapping["LastModified"].isoformat(),
            "lastProcessingResult": mapping["LastProcessingResult"],
            "state": mapping["State"],
            "stateTransitionReason": mapping["StateTransitionReason"],
            "uuid": mapping["UUID"],
        }

    def update(self, state: State, news: Properties) -> None:
        mapping = self.request({**self.defaults, **news})
        for fixed in ("EventSourceArn", "StartingPosition"):
            mapping.pop(fixed, None)
        self.aws.lambda_.update_event_source_mapping(UUID=state.id, **mapping)

    def delete(self, state: State) -> None:
        self.aws.lambda_.delete_event_source_mapping(UUID=state.id)

    def _refuse_what_aws_refuses(self, inputs: Properties) -> None:
        """Raise ValueError for a mapping that AWS refuses but ministack accepts.

        The role must be allowed to poll. The visibility timeout of a queue must not be shorter than the
        function's timeout (AWS: "Creating and configuring an Amazon SQS event source mapping").
        """
        function = self.aws.lambda_.get_function_configuration(
            FunctionName=text(inputs, "functionName")
        )
        source_arn = text(inputs, "eventSourceArn")
        if ":dynamodb:" in source_arn:
            self._refuse_without(READING_ACTIONS, function["Role"], source_arn)
            return
        self._refuse_without(POLLING_ACTIONS, function["Role"], source_arn)
        url = self.aws.sqs.get_queue_url(QueueName=source_arn.rpartition(":")[2])["QueueUrl"]
        queue = self.aws.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["VisibilityTimeout"]
        )
        visibility_seconds = int(queue["Attributes"]["VisibilityTimeout"])
        if visibility_seconds < function["Timeout"]:
            raise ValueError(
                f"queue visibility timeout: {visibility_seconds} seconds is less than function"
                f" timeout: {function['Timeout']} seconds"
            )

    def _refuse_without(self, actions: Sequence[str], role: str, source_arn: str) -> None:
        """Raise ValueError if `role` may not do one of `actions` on the source."""
        simulated = self.aws.iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=actions, ResourceArns=[source_arn]
        )
        denied = [
            result["EvalActionName"]
            for result in simulated["EvaluationResults"]
            if result["EvalDecision"] != "allowed"
        ]
        if denied:
            raise ValueError(f"{role} may not {', '.join(denied)} on {source_arn}")


def _refuse_too_much_environment(inputs: Properties) -> None:
    """Raise ValueError for variables that AWS refuses but ministack accepts.

    AWS prints them in its message. They may be secret, so only their size is told here.
    """
    variables = block(block(inputs.get("environment")).get("variables"))
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode()
    if len(measured) > ENVIRONMENT_BYTES:
        raise ValueError(
            f"InvalidParameterValueException: {text(inputs, 'name')}: Lambda was unable to configure"
            " your environment variables because the environment variables you have provided exceeded"
            f" the 4KB limit. Bytes measured, as one JSON text: {len(measured)}"
        )


def _permitted(statement: dict[str, Any]) -> Properties:
    """The inputs of the permission that is this statement of the function's policy."""
    principal: str | dict[str, str] = statement["Principal"]
    condition: dict[str, dict[str, str]] = statement.get("Condition", {})
    return {
        "action": statement["Action"],
        "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
        "sourceArn": condition.get("ArnLike", {}).get("AWS:SourceArn"),
        "statementId": statement["Sid"],
    }


def _as_given(state: State, function_arn: str) -> str:
    """The function's name or ARN, whichever the program gave; its ARN if it is another function."""
    given = state.properties.get("functionName")
    name = function_arn.rpartition(":")[2]
    return name if given == name else function_arn
