"""What `local/` and `ops/` share: paths, the Pulumi CLI, and stacks that it reaches.

It imports neither of them.
"""
