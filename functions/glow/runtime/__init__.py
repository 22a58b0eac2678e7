"""Runtime: what every function stands on: AWS clients, HTTP, the event loop, threads."""
