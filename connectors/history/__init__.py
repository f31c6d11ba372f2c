"""Where the history of runs is kept to be asked: a SQL database, or memory."""
