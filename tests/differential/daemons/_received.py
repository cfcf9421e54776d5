"""The Received line that each mail server writes about a client. Their forms were seen in the real ones."""

from differential.daemons._symbols import SENDER
from differential.place import NAME
from truehelo.receivers.client import Client
from truehelo.receivers.filters import _front
from truehelo.receivers.mtas._glibc_names import is_never_asked
from truehelo.receivers.mtas._postfix_names import said
from truehelo.receivers.mtas._system import hosts


def received(front: str, client: Client, date: str) -> tuple[str, ...]:
    """Return the line of a mail server, the PTR names in their order."""
    tail = f"\r\n\tfor <user@receiver.example>; {date}"
    tagged = str(client.ip) if client.family == 4 else f"IPv6:{client.ip}"
    if front == "postfix":
        name = _front.postfix_names(client)[0] or "unknown"
        by = f"{NAME} (Postfix) with ESMTP id 4XYZABC123"
        return (f"Received: from {said(client.helo_said)} ({name} [{tagged}])\r\n\tby {by}{tail}",)
    if front == "opensmtpd":
        name = _front.opensmtpd_names(client)[0]
        by = f"{NAME} (OpenSMTPD) with ESMTP id 9a8b7c6d"
        return (f"Received: from {client.helo} ({name} [{client.ip}])\r\n\tby {by}{tail}",)
    if front == "sendmail":
        by = f"{NAME} (8.17.1.9/8.17.1.9/Debian-2) with ESMTP id 5AQBxy12003456"
        return (f"Received: from {client.helo} ({_by_sendmail(client)})\r\n\tby {by}{tail}",)
    return (_by_exim(client, _front.exim_names(client)[0] if front == "exim" else "", date),)


def _by_sendmail(client: Client) -> str:
    """The client as Sendmail writes it: all groups of IPv6, and a word of warning for a name that does not lead back."""
    first = client.ptr.names[0] if client.ptr.names else None
    ip = str(client.ip)
    if client.family == 6:
        ip = "IPv6:" + ":".join(f"{int(group, 16):x}" for group in client.ip.exploded.split(":"))
    if first is None or (first and not _front.sendmail_names(client)[0]):
        return f"[{ip}]"
    found = client.ip in hosts(client, first, client.family).addresses and not is_never_asked(first)
    # The root is a name too, and written as a dot.
    return f"{first or '.'} [{ip}]{'' if found else ' (may be forged)'}"


def _by_exim(client: Client, name: str, date: str) -> str:
    stated = "" if _front.exim_omits(client, name) else f"helo={client.helo}"
    if name:
        written = f"{name} ([{client.ip}]{' ' * bool(stated)}{stated})"
    else:
        written = f"[{client.ip}]{f' ({stated})' * bool(stated)}"
    return (
        f"Received: from {written}\r\n\tby {NAME} with esmtp (Exim 4.96)\r\n\t(envelope-from <{SENDER}>)\r\n"
        f"\tid 1tXYZA-000001-2a\r\n\tfor user@receiver.example;\r\n\t{date}"
    )
