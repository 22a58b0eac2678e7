"""The generated stack configuration: it follows the cloud, and leaves the user's keys alone."""

from pathlib import Path
from typing import cast

import pytest
import yaml

from local.config import aws_keys, has_key, regenerate

HERE = "http://127.0.0.1:4566"
ELSEWHERE = "http://127.0.0.1:40123"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Pulumi.local.yaml"


def read(file: Path) -> dict[str, dict[str, object]]:
    return cast("dict[str, dict[str, object]]", yaml.safe_load(file.read_text()))


def test_new_file_names_the_endpoint_of_each_service(file: Path) -> None:
    regenerate(file, aws_keys(HERE))
    (endpoints,) = cast("list[dict[str, str]]", read(file)["config"]["aws:endpoints"])
    assert {"dynamodb", "sqs", "lambda", "apigatewayv2", "iam"} <= set(endpoints)
    assert set(endpoints.values()) == {HERE}


def test_own_keys_secrets_and_salt_survive_a_new_port(file: Path) -> None:
    regenerate(file, aws_keys(HERE))
    stack: dict[str, object] = {"encryptionsalt": "v1:salt", **read(file)}
    own: dict[str, object] = {
        "glow:callTimeoutMs": 250,
        "glow:tokens": {"USDC": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"},
        "glow:HeliusWebhookSecret": {"secure": "v1:abc"},
    }
    file.write_text(yaml.safe_dump(stack | {"config": read(file)["config"] | own}))

    regenerate(file, aws_keys(ELSEWHERE))

    assert own.items() <= read(file)["config"].items()
    assert read(file)["encryptionsalt"] == "v1:salt"
    (endpoints,) = cast("list[dict[str, str]]", read(file)["config"]["aws:endpoints"])
    assert set(endpoints.values()) == {ELSEWHERE}


def test_file_is_not_touched_when_nothing_changed(file: Path) -> None:
    regenerate(file, aws_keys(HERE))
    commented = "# my notes\n" + file.read_text()
    file.write_text(commented)
    regenerate(file, aws_keys(HERE))
    assert file.read_text() == commented


def test_key_is_looked_up_with_its_namespace(file: Path) -> None:
    assert not has_key(file, "glow:routing")
    regenerate(file, aws_keys(HERE))
    assert has_key(file, "glow:routing")
    assert not has_key(file, "routing")
