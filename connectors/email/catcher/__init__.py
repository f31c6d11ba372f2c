"""A mail server on loopback that delivers nothing: it keeps every mail in a Maildir, for all to read.

It speaks real SMTP, and fails as real servers do where a script of faults says so.
"""
