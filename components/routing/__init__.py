"""Routing: what carries out a change of route, and how a preview announces it."""
