"""SMTP sessions written down in a line: from "what the server says" to the facts of one conversation.

A script is a name ("mail.example.com": a plain server that greets and answers with it) or a table with `greeting`
(raw lines, such as "220-please wait\\n220 mail.example.com ESMTP"), `ehlo` (raw lines, or only the name), `ended`
(a word of `truehelo.facts.smtp.Ended`) and `detail`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from truehelo.facts.address import Address
from truehelo.facts.names import is_fqdn
from truehelo.facts.smtp import Ended, GreetingForm, Line, Reply, SmtpSession, ehlo_reply_name, greeting_name

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Script = str | Mapping[str, str]


def reply(text: str) -> Reply:
    """Read raw reply lines: code, separator, text."""
    lines = text.split("\n")
    return Reply(code=int(lines[-1][:3]), lines=tuple(line[4:] for line in lines))


def session(ip: Address, port: int, script: Script) -> SmtpSession:
    """Return the conversation that a script stands for."""
    if isinstance(script, str):
        script = {"greeting": f"220 {script} ESMTP ready", "ehlo": script}
    unknown = set(script) - {"greeting", "ehlo", "ended", "detail"}
    if unknown:
        raise ValueError(f"a script has no {sorted(unknown)}")
    greeting = reply(script["greeting"]) if "greeting" in script else None
    ehlo = _ehlo(script.get("ehlo"))
    usual = Ended.QUIT if greeting is not None and greeting.code == 220 else Ended.REFUSED
    transcript = [Line(at_s=0.0, who="*", text="connected")]
    transcript += [Line(at_s=0.1, who="S", text=line) for line in script.get("greeting", "").split("\n") if line]
    if ehlo is not None:
        transcript.append(Line(at_s=0.2, who="C", text="EHLO probe.example"))
        transcript += [Line(at_s=0.3, who="S", text=line) for line in _raw(ehlo)]
    return SmtpSession(
        ip=str(ip),
        port=port,
        connected_to=f"{ip}:{port}",
        vantage="test",
        at=AT,
        took_s=0.4,
        ended=Ended(script["ended"]) if "ended" in script else usual,
        transcript=tuple(transcript),
        greeting=greeting,
        ehlo=ehlo,
        detail=script.get("detail", ""),
    )


def _ehlo(text: str | None) -> Reply | None:
    if text is None:
        return None
    return reply(text) if text[:3].isdigit() and text[3:4] in (" ", "-") else Reply(code=250, lines=(text, "SIZE 10240000"))


def _raw(said: Reply) -> list[str]:
    last = len(said.lines) - 1
    return [f"{said.code}{' ' if i == last else '-'}{line}" for i, line in enumerate(said.lines)]


def stated_names(said: SmtpSession) -> list[str]:
    """Return the names that a session states, as a probe reports them while it listens."""
    names: list[str] = []
    if said.greeting is not None and said.greeting.code == 220 and said.ended not in (Ended.HTTP, Ended.BINARY):
        greeting = greeting_name(said.greeting)
        if greeting.form is GreetingForm.NAMED and greeting.name is not None:
            names.append(greeting.name)
    ehlo = ehlo_reply_name(said.ehlo)
    return [name for name in (*names, ehlo) if name is not None and is_fqdn(name)]


@dataclass
class ScriptedSmtp:
    """`truehelo.ports.SmtpProbe` over scripts: address -> port -> script. What is not scripted cannot be reached."""

    scripts: Mapping[str, Mapping[int, Script]]
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        self.asked.append((str(ip), port))
        script = self.scripts.get(str(ip), {}).get(port, {"ended": "unreachable", "detail": "connection refused"})
        said = session(ip, port, script)
        for name in stated_names(said):
            if on_name is not None:
                on_name(name)
        return said
