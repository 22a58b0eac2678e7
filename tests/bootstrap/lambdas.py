"""Functions of the emulated account, made by hand."""

import io
import json
import zipfile

from tests.local.aws import Aws

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def create_function(aws: Aws, name: str, code: bytes, *, variables: dict[str, str]) -> None:
    """Its handler is `module.handler` of the archive `code`; its role may do nothing."""
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="module.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code},
        Environment={"Variables": variables},
        Timeout=30,
    )


def archive(code: str) -> bytes:
    """A deployment package with `code` as its only module."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("module.py", code)
    return packed.getvalue()
