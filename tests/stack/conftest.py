"""One run of the program, shared by the tests that only look at what it declares."""

import pytest

from tests.stack.recording import Deployment, deploy


@pytest.fixture(scope="session")
def prod() -> Deployment:
    return deploy("prod")
