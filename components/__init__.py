"""The stack's resources, one component per file, in rooms that import one way.

`settings/` alone reads config. `aws/` and `edge/` hold what is made at each cloud, `routing/` what
carries out a change of route, `pipeline/` connects them, and `__main__.py` wires it all. `packaging`
belongs to no room: it makes no resource, and bench/ measures with it what it builds.
"""
