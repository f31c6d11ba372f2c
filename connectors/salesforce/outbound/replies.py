"""What Salesforce is answered: an Ack, for all notifications of a message, or a fault."""

from xml.sax.saxutils import escape

from connectors.salesforce.outbound.notifications import ENVELOPE, OUTBOUND

__all__ = ["ACK", "fault"]


def _envelope(body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{ENVELOPE}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


ACK = _envelope(f'<notificationsResponse xmlns="{OUTBOUND}"><Ack>true</Ack></notificationsResponse>')


def fault(reason: str, *, by_sender: bool) -> str:
    """Write a fault, whose fault it is and why."""
    code = "Client" if by_sender else "Server"
    return _envelope(
        f"<soapenv:Fault><faultcode>soapenv:{code}</faultcode>"
        f"<faultstring>{escape(reason)}</faultstring></soapenv:Fault>"
    )
