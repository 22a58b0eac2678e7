"""A pull request on a stand-in for GitHub."""

from collections.abc import Iterator

import pytest

from tests.workflows.github_server import Conversation, serve


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    conversation = Conversation()
    with serve(conversation):
        yield conversation
