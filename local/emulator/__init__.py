"""ministack, corrected. A folder that is run by itself: `python local/emulator`."""
