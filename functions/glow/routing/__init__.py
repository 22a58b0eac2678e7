"""Routing: which path carries a token, and how that changes while the stream goes on."""
