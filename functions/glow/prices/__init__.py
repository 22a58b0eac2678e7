"""Prices: the table of stored updates, and what is read of it."""
