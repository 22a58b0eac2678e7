"""Stands in for Jupiter's Price API V3: its shape, with prices of this folder."""
