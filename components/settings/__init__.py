"""Settings: the stack config, read and checked. The only reader of pulumi.Config."""
