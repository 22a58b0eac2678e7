"""Runtime: what every function needs: AWS clients, HTTP, the event loop, threads."""
