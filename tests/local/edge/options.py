"""What is off by default and changes resources. It is on until the secret is rotated (test_edge.py)."""

from typing import Final

from local.stack import LocalStack

OPTIONS: Final = ("kms", "tracing", "edge.analytics", "routing.autoRollback")


def switch_options(stack: LocalStack, *, on: bool) -> None:
    """Set each for the next `up`."""
    for option in OPTIONS:
        stack.run("config", "set", "--path", option, str(on).lower())
