"""What was changed in the clouds by hand: found at night, told in an issue."""
