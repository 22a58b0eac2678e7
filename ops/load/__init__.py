"""`load`: many clients of the library, trades at a rate, and what became of each. `tally` is pure."""
