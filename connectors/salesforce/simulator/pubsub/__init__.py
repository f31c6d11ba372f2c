"""The Pub/Sub API of the simulated org: `eventbus.v1.PubSub` over gRPC, plain or with TLS.

`server.py` listens, `servicer.py` puts the model behind gRPC; everything else is the model, which neither
waits nor opens a socket. It reads the one change log of the org, as the Streaming API does. Source: Pub/Sub
API guide; `connectors/salesforce/pubsub_api/pubsub_api.proto`.
"""
