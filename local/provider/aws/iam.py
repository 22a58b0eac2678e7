"""IAM roles and their inline policies."""

import json
from typing import ClassVar

from pulumi_aws import iam

from local.provider.aws.base import AwsResource
from local.provider.resource import Inputs, State
from local.provider.values import Properties, text


class Role(AwsResource):
    """aws.iam.Role."""

    args = iam.RoleArgs
    inputs: ClassVar[Inputs] = {"assumeRolePolicy": "AssumeRolePolicyDocument", "name": "RoleName"}
    replaced_by = frozenset({"name"})
    outputs = frozenset({"arn", "createDate", "uniqueId"})
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        return self.aws.iam.create_role(**self.request(inputs))["Role"]["RoleName"]

    def read(self, state: State) -> Properties:
        role = self.aws.iam.get_role(RoleName=state.id)["Role"]
        return {
            "arn": role["Arn"],
            # botocore has parsed the document, whatever its stubs say.
            "assumeRolePolicy": json.dumps(role.get("AssumeRolePolicyDocument")),
            "name": role["RoleName"],
            "createDate": role["CreateDate"].isoformat(),
            "uniqueId": role["RoleId"],
        }

    def update(self, state: State, news: Properties) -> None:
        self.aws.iam.update_assume_role_policy(
            RoleName=state.id, PolicyDocument=text(news, "assumeRolePolicy")
        )

    def delete(self, state: State) -> None:
        self.aws.iam.delete_role(RoleName=state.id)


class RolePolicy(AwsResource):
    """aws.iam.RolePolicy, with the id role:name."""

    args = iam.RolePolicyArgs
    inputs: ClassVar[Inputs] = {
        "name": "PolicyName",
        "policy": "PolicyDocument",
        "role": "RoleName",
    }
    replaced_by = frozenset({"name", "role"})
    outputs = frozenset[str]()
    autoname = "name"
    importable = True

    def create(self, inputs: Properties) -> str:
        self.aws.iam.put_role_policy(**self.request(inputs))
        return f"{text(inputs, 'role')}:{text(inputs, 'name')}"

    def read(self, state: State) -> Properties:
        role, _, name = state.id.partition(":")
        policy = self.aws.iam.get_role_policy(RoleName=role, PolicyName=name)
        return {"name": name, "policy": json.dumps(policy["PolicyDocument"]), "role": role}

    def update(self, state: State, news: Properties) -> None:
        del state  # PutRolePolicy overwrites the policy of that name
        self.create(news)

    def delete(self, state: State) -> None:
        role, _, name = state.id.partition(":")
        self.aws.iam.delete_role_policy(RoleName=role, PolicyName=name)
