"""KMS keys and their aliases."""

from typing import ClassVar, Final

from pulumi_aws import kms

from local.provider.aws.base import AwsResource, GoneError
from local.provider.resource import OWN, Inputs, State
from local.provider.values import Properties, text

_DELETED: Final = "PendingDeletion"
_LONGEST_DAYS: Final = 30


class Key(AwsResource):
    """aws.kms.Key. AWS keeps one that was deleted for some days; it counts as gone."""

    args = kms.KeyArgs
    inputs: ClassVar[Inputs] = {
        "deletionWindowInDays": OWN,
        "description": "Description",
        "enableKeyRotation": OWN,
        "policy": "Policy",
    }
    defaults: ClassVar[Properties] = {"description": "", "enableKeyRotation": False}
    outputs = frozenset({"arn", "keyId"})

    def create(self, inputs: Properties) -> str:
        key: dict[str, str] = self.aws.kms.create_key(**self.request(inputs))["KeyMetadata"]
        self._rotate(key["KeyId"], inputs)
        return key["KeyId"]

    def read(self, state: State) -> Properties:
        key: dict[str, str] = self.aws.kms.describe_key(KeyId=state.id)["KeyMetadata"]
        if key["KeyState"] == _DELETED:
            raise GoneError(state.id)
        rotation = self.aws.kms.get_key_rotation_status(KeyId=state.id)
        return {
            "arn": key["Arn"],
            "description": key["Description"],
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            "keyId": state.id,
            "policy": self.aws.kms.get_key_policy(KeyId=state.id)["Policy"],
        }

    def update(self, state: State, news: Properties) -> None:
        if "policy" in news:
            self.aws.kms.put_key_policy(KeyId=state.id, Policy=text(news, "policy"))
        self.aws.kms.update_key_description(
            KeyId=state.id, Description=text({**self.defaults, **news}, "description")
        )
        self._rotate(state.id, news)

    def delete(self, state: State) -> None:
        days = state.properties.get("deletionWindowInDays") or _LONGEST_DAYS
        self.aws.kms.schedule_key_deletion(KeyId=state.id, PendingWindowInDays=days)

    def _rotate(self, key: str, inputs: Properties) -> None:
        if inputs.get("enableKeyRotation"):
            self.aws.kms.enable_key_rotation(KeyId=key)
        else:
            self.aws.kms.disable_key_rotation(KeyId=key)


class Alias(AwsResource):
    """aws.kms.Alias: a name for a key."""

    args = kms.AliasArgs
    inputs: ClassVar[Inputs] = {"name": "AliasName", "targetKeyId": "TargetKeyId"}
    replaced_by = frozenset({"name"})
    outputs = frozenset({"arn"})

    def create(self, inputs: Properties) -> str:
        self.aws.kms.create_alias(**self.request(inputs))
        return text(inputs, "name")

    def read(self, state: State) -> Properties:
        pages = self.aws.kms.get_paginator("list_aliases").paginate()
        for alias in (each for page in pages for each in page["Aliases"]):
            if alias["AliasName"] == state.id:
                return {**self.response(alias), "arn": alias["AliasArn"]}
        raise GoneError(state.id)

    def update(self, state: State, news: Properties) -> None:
        del state
        self.aws.kms.update_alias(**self.request(news))

    def delete(self, state: State) -> None:
        self.aws.kms.delete_alias(AliasName=state.id)
