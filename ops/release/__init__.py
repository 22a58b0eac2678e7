"""Versions: the changelog names them, a tag and a release follow."""
