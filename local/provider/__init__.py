"""Stand-ins for the Pulumi plugins: gRPC servers that provision the local cloud.

`python -m local.provider --port aws=0` serves them. `server` speaks the engine's protocol and knows
no cloud; `resource` is what a resource type is to it; `check` and `diff` are pure. Each cloud is a
package beside them (`aws/`): a table from type token to a small class.

The servicer is our own rather than `pulumi.provider.experimental`'s: that one cannot be attached to
(no `Attach`), and its property values drop an archive's hash, by which new code is noticed.
"""
