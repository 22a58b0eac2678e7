"""The webhook at Helius, as a resource of the stack."""
