"""The history of runs: carried from its topic into a database, and read from there or from the topic."""
