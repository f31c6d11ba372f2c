"""The plumbing: settings, agents, the command line. It awaits and sends; it decides nothing."""
