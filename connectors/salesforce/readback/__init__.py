"""Facts instead of gaps: what change events did not say is read back from the org and told as changes.

`source.py` stands before any subscription; what an event leaves open (`needs.py`), what is told of a deal
that was read back (`told.py`) and how far a long reading came (`position.py`) is decided beside it without a
socket or a clock. Deals and their history are read and understood as polling does it.
"""
