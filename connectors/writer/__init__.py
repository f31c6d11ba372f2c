"""A language model behind an OpenAI-compatible endpoint; its twin in memory, and a stand-in endpoint."""
