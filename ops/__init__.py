"""Commands against a deployed stack: `python -m ops --help`."""
