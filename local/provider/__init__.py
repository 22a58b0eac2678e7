"""Stand-ins for the Pulumi plugins of AWS and Cloudflare: gRPC servers that manage the local cloud.

`python -m local.provider --port aws=0` starts one. `server` implements the engine's protocol for any
cloud, `resource` has the base class of a resource type, `check` and `diff` are pure. Each cloud is a
package (`aws/`, `cloudflare/`): a table from type token to a small class.

We do not use the server of `pulumi.provider.experimental`. The engine cannot attach to it (it has no
`Attach`), and its property values lose an archive's hash, which is how new code is noticed.
"""
