"""Outbound Messages: SOAP that the org posts when a deal changes.

`outbox.py` holds what waits and when it is due, `soap.py` writes and reads the messages, `sender.py` posts
them. Source: SOAP API Developer Guide, "Outbound Messaging".
"""
