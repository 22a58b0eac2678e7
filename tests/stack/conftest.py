"""What the program declares, once for all tests that only look at it."""

import pytest

from tests.stack.recording import Deployment, deploy


@pytest.fixture(scope="session")
def prod() -> Deployment:
    return deploy("prod")
