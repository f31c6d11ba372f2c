"""A stand-in for the model's endpoint: it answers in form from what it is sent, and fails where told to."""
