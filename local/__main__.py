"""`python -m local …`: what the Makefile calls."""

from local.cli import main

if __name__ == "__main__":
    main()
