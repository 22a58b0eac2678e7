"""Back to the other path in one command, with the time that it took."""
