"""The emulator as a process: its port, its address, its fresh starts."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local.cloud import LocalCloud

pytestmark = pytest.mark.cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path, aws_port=0, worker_port=0, stand_ins=()) as started:
        yield started


def test_emulator_listens_on_loopback_only(cloud: LocalCloud) -> None:
    pid = int(cloud.incarnation.partition("@")[0])
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_second_start_keeps_the_running_emulator(cloud: LocalCloud) -> None:
    before = cloud.incarnation
    cloud.start()
    assert cloud.incarnation == before


def test_restart_gives_an_empty_emulator_on_the_same_port(cloud: LocalCloud) -> None:
    url, before = cloud.aws_url, cloud.incarnation
    cloud.restart_aws()
    assert cloud.aws_url == url
    assert cloud.incarnation not in {before, ""}


def test_port_is_kept_for_the_next_start(cloud: LocalCloud) -> None:
    url = cloud.aws_url
    cloud.stop()
    again = LocalCloud(cloud.root, aws_port=0, worker_port=0, stand_ins=())
    again.start()
    assert again.aws_url == url


def test_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        taken: int = owner.getsockname()[1]
        cloud, said = (
            LocalCloud(tmp_path, aws_port=taken, worker_port=0, stand_ins=()),
            list[str](),
        )
        cloud.start(said.append)
        try:
            assert f"port {taken} is taken by " in said[0]
            assert cloud.aws_url != f"http://127.0.0.1:{taken}"
            assert httpx.get(f"{cloud.aws_url}/_ministack/health").is_success
        finally:
            cloud.stop()
