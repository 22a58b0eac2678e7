"""`tail`: the logs of both clouds as one stream. `functions` and `worker` are its sources."""
