"""What `local/` and `ops/` both need: where things lie, the Pulumi CLI, and a stack reached by it.

It imports neither of them.
"""
