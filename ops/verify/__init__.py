"""`verify`: whether a deployed stack does all that it is there for. Each family of checks is a module."""
