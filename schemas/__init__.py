"""What flows: records, ids, definitions, Avro contracts, the topic table and the errors.

Nothing in this room reads a clock, a file or a socket.
"""
