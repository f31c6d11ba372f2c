"""A stand-in for the accounts service: it keeps the contract, and fails as real services do where told to."""
