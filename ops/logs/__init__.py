"""What a stack's functions and its Worker log, as events with fields."""
