"""A pull request on a GitHub of our own."""

from collections.abc import Iterator

import pytest

from tests.workflows.github_server import Conversation, serve


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    conversation = Conversation()
    with serve(conversation):
        yield conversation
