"""The Streaming API of the simulated org: Bayeux over long polling.

`bayeux.py` is the protocol apart from the socket: requests in, replies out, time by the org's clock.
`server.py` puts it behind HTTP. Source: Streaming API Developer Guide; CometD's Bayeux protocol, version 1.0.
"""
