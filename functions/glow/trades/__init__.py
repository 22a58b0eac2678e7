"""Trades: a webhook body becomes updates, which are stored and published."""
