"""A secret is replaced in two steps, between which the old one and the new one are both accepted."""
