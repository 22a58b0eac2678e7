"""The ports of a local cloud: kept, left to whoever has them, and told when they change."""

import os
import socket
from pathlib import Path

import pytest

from local.ports import Ports


def a_listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_taken_port_is_told_with_its_holder_and_the_port_used_instead(tmp_path: Path) -> None:
    with a_listener() as owner:
        taken = port_of(owner)
        ports = Ports(tmp_path / "cloud.json", {"aws": taken})
        said = ports.settle("aws")
    assert said is not None
    assert said.startswith(f"port {taken} is taken by ")
    assert f"(pid {os.getpid()}): aws uses {ports['aws']} from now on" in said
    assert ports["aws"] != taken


def test_free_port_that_was_wanted_is_used_without_a_word(tmp_path: Path) -> None:
    with a_listener() as owner:
        free = port_of(owner)
    ports = Ports(tmp_path / "cloud.json", {"aws": free})
    assert ports.settle("aws") is None
    assert ports["aws"] == free


@pytest.mark.parametrize("name", ["aws", "cloudflare"])
def test_port_of_last_time_is_kept(tmp_path: Path, name: str) -> None:
    first = Ports(tmp_path / "cloud.json", {"aws": 0})
    assert first.settle(name) is None
    again = Ports(tmp_path / "cloud.json", {"aws": 0})
    assert again.settle(name) is None
    assert again[name] == first[name]


def test_port_that_no_user_knows_changes_without_a_word(tmp_path: Path) -> None:
    with a_listener() as owner:
        (tmp_path / "cloud.json").write_text(f'{{"aws-provider": {port_of(owner)}}}')
        assert Ports(tmp_path / "cloud.json", {"aws": 0}).settle("aws-provider") is None
