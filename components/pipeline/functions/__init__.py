"""One file per function: what it is called, who calls it, what it may do and what it is told."""
