"""A deployment that proves itself, or is taken back."""
