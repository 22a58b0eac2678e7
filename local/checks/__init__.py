"""What `make test` and `make check` run, and how: lanes side by side, parts of a lane in turn."""
