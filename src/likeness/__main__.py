"""`python -m likeness` is the command line."""

from likeness.cli import main

main()
