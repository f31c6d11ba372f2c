"""Connecting an org: logging a person in with their browser, and looking at what the login may do."""
