"""`python -m streams` is `dealwire`."""

from streams.cli import main

main()
