"""A deployed stack as its operator finds it: what it says about itself, and the way to its cloud."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from botocore.exceptions import NoRegionError
from botocore.session import Session

from local.cloud import LocalCloud
from local.errors import LocalError
from local.paths import MAIN_CONFIG, MAIN_ROOT
from local.stack import LocalStack
from local.toolchain import pulumi_folder
from ops.errors import OpsError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

StackOption = Annotated[str, typer.Option("--stack", help="The stack: dev, prod, local ...")]

_LOCAL: Final = "local"


@dataclass(frozen=True)
class DeployedStack:
    """A stack's outputs, and where its AWS is; `endpoint_url` is None for AWS itself."""

    name: str
    outputs: Mapping[str, object]
    endpoint_url: str | None = None

    @classmethod
    def named(cls, name: str) -> DeployedStack:
        """Read the outputs of stack `name`. Raises OpsError."""
        if name == _LOCAL:
            return cls._local()
        command = ["pulumi", "stack", "output", "--json", "--stack", name]
        folder = pulumi_folder(lambda text: typer.echo(text, err=True))
        path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
        try:
            done = subprocess.run(  # noqa: S603
                command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
            )
        except subprocess.CalledProcessError as error:
            said = cast("str", error.stderr).strip()
            raise OpsError(f"`{' '.join(command)}` failed:\n{said}") from error
        return cls(name, cast("Mapping[str, object]", json.loads(done.stdout)))

    def text(self, output: str) -> str:
        """The output named `output`. Raises OpsError."""
        value = self.outputs.get(output)
        if not isinstance(value, str):
            remedy = "make up" if self.name == _LOCAL else f"pulumi up --stack {self.name}"
            raise OpsError(
                f"Stack {self.name} has no output {output}. Deploy this version: {remedy}"
            )
        return value

    def sqs(self) -> SQSClient:
        """A client with the operator's own credentials. Raises OpsError."""
        if self.endpoint_url is not None:
            # The local cloud's one account and region (local/config.py).
            local = Session().create_client(
                "sqs",
                endpoint_url=self.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - the emulator's
            )
            return cast("SQSClient", local)
        try:
            return cast("SQSClient", Session().create_client("sqs"))
        except NoRegionError as error:
            raise OpsError("No AWS region is set. Set it: export AWS_REGION=us-east-1") from error

    @classmethod
    def _local(cls) -> DeployedStack:
        cloud = LocalCloud(MAIN_ROOT, stand_in=False)  # what deploys is not needed here
        try:
            cloud.require_running()
            return cls(
                _LOCAL,
                LocalStack(cloud, config_file=MAIN_CONFIG).outputs(),
                endpoint_url=cloud.aws_url,
            )
        except LocalError as error:
            raise OpsError(str(error)) from error
