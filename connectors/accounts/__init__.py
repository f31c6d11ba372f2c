"""Where accounts are kept: a SQL database, or a service behind HTTP, or memory; and a stand-in service."""
