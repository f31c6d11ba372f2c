"""E-mail over SMTP: the sink, and a server that catches what it sends."""
