"""Quotes: SOL in US dollars, and prices of tokens that were not traded for a while, asked of Jupiter."""
