"""The mail servers of a scenario file: `[[smtp]]`."""

from truehelo.facts.address import parse_address
from truehelo.facts.names import NameForm, stated_form
from truehelo.lab.limits import ADDRESSES, address_allowed
from truehelo.lab.scenario import HANG_UPS, SPEAKS, SmtpSpec
from truehelo.lab.source import Node

EXTENSIONS = ("PIPELINING", "SIZE 10240000", "8BITMIME")


def read_smtp(node: Node) -> SmtpSpec:
    """Read one `[[smtp]]`.

    Raises:
        FileError: Something in it is wrong.
    """
    ips = node.texts("ip")
    if not ips:
        key = "ip" if "ip" in node.table else None
        node.fail(key, "a mail server needs an address", f"ip = ... is accepted: {ADDRESSES}")
    for text in ips:
        address = parse_address(text)
        if address is None or not address_allowed(address):
            node.fail("ip", f"{text!r} is not an address that a scenario may hold", f"accepted: {ADDRESSES}")
    greeting, raw = node.texts("greeting") or (), node.texts("raw")
    if greeting and raw is not None:
        node.fail("raw", "greeting and raw are both given", "one of them is accepted")
    for line in (*greeting, *(raw or ())):
        if "\n" in line or "\r" in line:
            key = "greeting" if greeting else "raw"
            node.fail(key, "a line of a greeting holds a line break", "a list of lines is accepted")
    spec = SmtpSpec(
        ips=tuple(str(parse_address(text)) for text in ips),
        ports=node.numbers("port", 1, 65535) or (25,),
        speaks=node.choice("speaks", "smtp", SPEAKS),
        code=node.whole("code", 220, 100, 999),
        greeting=greeting,
        raw=raw,
        ehlo_code=node.whole("ehlo_code", 250, 100, 999),
        ehlo_reply=node.texts("ehlo_reply") or _default_reply(greeting),
        helo_code=node.whole("helo_code", 250, 100, 999),
        delay=node.seconds("delay", 0.0),
        line_delay=node.seconds("line_delay", 0.0),
        tarpit=node.seconds("tarpit", 0.0),
        ehlo_delay=node.seconds("ehlo_delay", 0.0),
        masked=node.flag("masked", False),
        strict=node.flag("strict", False),
        starttls=_starttls(node),
        tls=node.flag("tls", False),
        certificate=node.texts("certificate") or _named(greeting),
        hang_up=node.choice("hang_up", "", HANG_UPS),
    )
    node.done()
    return spec


def _starttls(node: Node) -> str:
    value = node.table.get("starttls")
    if value is None or isinstance(value, bool):
        return "yes" if node.flag("starttls", False) else ""
    return node.choice("starttls", "", ("refuse", "broken"))


def _named(greeting: tuple[str, ...]) -> tuple[str, ...]:
    """Return the name in a greeting, where its last line begins with a full one."""
    words = greeting[-1].split() if greeting else []
    return (words[0],) if words and stated_form(words[0]).form is NameForm.FQDN else ()


def _default_reply(greeting: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a server says to EHLO when the file does not: the name it greets with, and common extensions."""
    return (*(_named(greeting) or ("localhost",)), *EXTENSIONS)
