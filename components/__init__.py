"""The stack's resources: one Pulumi component per file, `settings.py` the only reader of config."""
