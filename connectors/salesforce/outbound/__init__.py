"""Outbound Messages: Salesforce knocks, and what happened is read in its history.

`receiver.py` answers over HTTP, `notifications.py` reads what arrives, `telling.py` reads the deals back.
"""
