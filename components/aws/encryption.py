"""A KMS key of the stack's own, for what AWS would else encrypt with keys that it shares out itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.function_role import Condition, FunctionRole

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
            deletion_window_in_days=30,  # the longest: from its first day on, the key decrypts nothing
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
    _, partition, _, region, account, *_ = [*sibling_arn.split(":"), "", "", "", "", ""]
    root = f"arn:{partition}:iam::{account}:root"
    through = _through_services(region)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                _statement("Administer", root, _ADMINISTRATION, {}),
                _statement("UseThroughServices", root, _USE, through),
                _statement(
                    "GrantToServices",
                    root,
                    ("kms:CreateGrant",),
                    {**through, "Bool": {"kms:GrantIsForAWSResource": ["true"]}},
                ),
            ],
        }
    )


def _statement(
    sid: str, principal: str, actions: Sequence[str], condition: Condition
) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": list(actions),
        "Resource": "*",  # of a key's policy: the key
        **({"Condition": condition} if condition else {}),
    }


@dataclass(frozen=True, kw_only=True)
class EncryptionKeys:
    """ARNs of the keys that the queues have messages of."""

    current: pulumi.Input[str] | None
    """None: keys that AWS shares out."""
    previous: pulumi.Input[str] | None
    """What encrypted before. SQS leaves such messages as they are (SQS developer guide, "Key management")."""

    def allow_use(self, role: FunctionRole) -> None:
        """Let the function, and Lambda's poller for it, read and write queues, and read its environment."""
        if self.current is not None:
            _allow(role, "use-key", ["kms:Decrypt", "kms:GenerateDataKey"], self.current)
        if self.previous is not None:
            _allow(role, "use-previous-key", ["kms:Decrypt"], self.previous)


def encryption_keys(
    kms: bool | str, *, previous: bool | str, own: EncryptionKeyArgs
) -> EncryptionKeys:
    """The keys that config names: by ARN, or by True the stack's own, which is then made."""
    own_arn = EncryptionKey("glow-encryption", own).arn if True in (kms, previous) else None

    def arn(named: bool | str) -> pulumi.Input[str] | None:
        return named if isinstance(named, str) else own_arn if named else None

    return EncryptionKeys(current=arn(kms), previous=None if previous == kms else arn(previous))


def _allow(role: FunctionRole, grant: str, actions: Sequence[str], key: pulumi.Input[str]) -> None:
    role.allow(grant, actions=actions, on=[key], only=_through_services("*"))


def _through_services(region: str) -> Condition:
    # The domain of AWS in China ends in .com.cn.
    services = [f"{service}.{region}.amazonaws.com*" for service in _SERVICES]
    return {"StringLike": {"kms:ViaService": services}}
