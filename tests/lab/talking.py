"""One conversation between the SMTP probe and a mail server of the lab that is made of a few scenario keys."""

import asyncio
from ipaddress import ip_address
from typing import Any

from truehelo.facts.smtp import SmtpSession
from truehelo.lab import Conversation, Lab, parse
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import SmtpClient

GREETING = 'greeting = "mail.good.example ESMTP"\n'
IP = ip_address("192.0.2.25")


def client(lab: Lab, **settings: Any) -> SmtpClient:
    chosen: dict[str, Any] = {"timeout": 1.0, "greeting_timeout": 1.0, "connect_timeout": 1.0, "vantage": "here"} | settings
    return SmtpClient(routes=Routes.parse(lab.connect_to, loopback_only=True), clock=SystemClock(), **chosen)


def converse(keys: str, port: int = 25, **settings: Any) -> tuple[SmtpSession, list[str], list[Conversation]]:
    """Hold one conversation with a server made of these scenario keys."""

    async def run() -> tuple[SmtpSession, list[str], list[Conversation]]:
        names: list[str] = []
        async with Lab(parse(f'[[smtp]]\nip = "192.0.2.25"\n{keys}\n')) as lab:
            session = await client(lab, **settings).converse(IP, port, names.append)
            await asyncio.sleep(0.02)
        return session, names, lab.conversations

    return asyncio.run(run())
