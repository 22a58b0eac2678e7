"""Commands against a deployed stack, and for the pull requests that change it."""
