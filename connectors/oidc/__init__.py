"""OpenID Connect: whose ID token a bearer is."""
