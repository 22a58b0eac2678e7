"""Programs that only the local cloud and the tests need: Node, the emulator, a browser."""
