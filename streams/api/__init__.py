"""The HTTP API: what the commands show and do, for programs, over services that both use."""
