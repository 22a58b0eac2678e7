"""The stack's resources: one component per file, in rooms; `settings/` is the only reader of config."""
