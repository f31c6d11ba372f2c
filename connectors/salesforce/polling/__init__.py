"""Changes by asking: for editions of Salesforce that have no change events.

`source.py` asks and gives; what is asked (`query.py`), what an answer says (`rows.py`), which stages were
entered (`entries.py`), what of it is new (`window.py`) and when to ask again (`pace.py`) is decided beside
it without a socket or a clock.
"""
