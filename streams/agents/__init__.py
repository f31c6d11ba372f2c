"""One file an agent. An agent awaits and sends; what it does is decided in `processors/`."""
