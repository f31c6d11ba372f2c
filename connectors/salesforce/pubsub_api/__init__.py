"""The Pub/Sub API as Salesforce publishes it, and what protoc makes of it.

`pubsub_api.proto` is Salesforce's own file, unchanged (forcedotcom/pub-sub-api, CC0 1.0); the modules
beside it are generated from it by `make docs` and not edited.
"""
