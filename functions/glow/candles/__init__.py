"""Candles: what a token's trades did in each minute, hour and day."""
