"""`python -m ops …`: commands for whoever operates a stack."""

from ops.cli import main

if __name__ == "__main__":
    main()
