"""Holes: trades that the chain has and the table has not."""
