"""The SMTP probe: one conversation with one port, that never reaches MAIL (RFC 5321 §3.1, §4.2)."""

from truehelo.probes.smtp.client import SmtpClient
from truehelo.probes.smtp.lines import Limits

__all__ = ["Limits", "SmtpClient"]
