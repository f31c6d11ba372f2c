"""Kafka, beside Faust: what Faust does not do."""
