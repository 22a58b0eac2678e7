"""A KMS key of the stack's own, for what AWS would else encrypt with keys that it shares out itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import FunctionRole

# What encrypts on behalf of this stack.
_SERVICES: Final = ("lambda", "sqs")
_ADMINISTRATION: Final = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey"),
    *("kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation"),
    *("kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies"),
    *("kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion"),
    *("kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
)
_USE: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs:
    prefix: str
    sibling_arn: pulumi.Input[str]
    """Of any resource of the stack: it tells region and account."""


class EncryptionKey(pulumi.ComponentResource):
    """A key that AWS renews every year, and its alias."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("glow:aws:EncryptionKey", name, None, opts)
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Environments of functions, and queues, of {args.prefix}",
            enable_key_rotation=True,
            deletion_window_in_days=30,  # the longest: longer than anything lies in a queue
            policy=pulumi.Output.from_input(args.sibling_arn).apply(key_policy),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.prefix}",
            target_key_id=key.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def key_policy(sibling_arn: str) -> str:
    """The key's policy. Who may do what of it in this account, IAM says.

    Even an administrator of the account can use it through Lambda and SQS alone: the roles of the functions,
    who deploys them, and who redrives dead letters. Lambda decrypts an environment by a grant, which it
    makes for the function's role on behalf of who deploys (Lambda developer guide, "Securing environment
    variables"). Without the first statement nobody could manage the key any more.
    """
    _, _, _, region, account, *_ = [*sibling_arn.split(":"), "", "", "", "", ""]
    services = [f"{service}.{region}.amazonaws.com" for service in _SERVICES]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                _statement("Administer", account, _ADMINISTRATION, {}),
                _statement(
                    "UseThroughServices",
                    account,
                    _USE,
                    {"StringEquals": {"kms:ViaService": services}},
                ),
                _statement(
                    "GrantToServices",
                    account,
                    ("kms:CreateGrant",),
                    {
                        "StringEquals": {"kms:ViaService": services},
                        "Bool": {"kms:GrantIsForAWSResource": "true"},
                    },
                ),
            ],
        }
    )


def _statement(
    sid: str, account: str, actions: Sequence[str], condition: dict[str, object]
) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(actions),
        "Resource": "*",  # of a key's policy: the key
        **({"Condition": condition} if condition else {}),
    }


def allow_use(role: FunctionRole, key_arn: pulumi.Input[str]) -> None:
    """Let the function, and Lambda's poller for it, read and write queues that the key encrypts, and its
    environment."""
    role.allow(
        "use-key",
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        on=[key_arn],
        only={
            "StringLike": {
                "kms:ViaService": [f"{service}.*.amazonaws.com" for service in _SERVICES]
            }
        },
    )
