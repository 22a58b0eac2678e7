"""The chain itself, as an RPC node tells it."""
