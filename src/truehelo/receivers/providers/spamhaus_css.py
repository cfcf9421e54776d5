"""Spamhaus CSS: no receiver, but a list that an address gets onto for its HELO, and that very many receivers ask (ZEN).

spamhaus.org, CSS FAQ; XBL lists for some of the same. What is judged is whether mail will meet those receivers once the
address is listed. Does not know whether an address is listed now.
"""

from truehelo.facts.address import parse_address
from truehelo.facts.names import NameForm
from truehelo.receivers.client import Client
from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, filled, one_of, refuse, rule
from truehelo.reception import Grade, Judgement, Rule

_FAQ = "spamhaus.org/faqs, Combined Spam Sources (CSS)"


def _rule(name: str, words: str) -> Rule:
    return rule(name, words, Grade.DOCUMENTED, _FAQ, "2026-08")


_FITS = _rule("HELO", "the HELO is a full name with the address, or the literal of it")
_LOCAL = _rule("HELO localhost", "the HELO is localhost or has no dot")
_ADDRESS = _rule("HELO address", "the HELO is an address without brackets, another address, or no well-formed name")
_NOWHERE = _rule("HELO does not resolve", "the HELO has no address")
_AWAY = _rule("HELO mismatch", "no address of the HELO is that of the client")
_UNSEEN = _rule("HELO lookup", "the HELO cannot be looked up")

_REPLY = "554 5.7.1 Service unavailable; Client host [{ip}] blocked using zen.spamhaus.org"
_FIT, _NOT_LOOKED_UP = accept(_FITS), accept(_UNSEEN)
_LISTED = {by: one_of(refuse(by, _REPLY), accept(by)) for by in (_LOCAL, _ADDRESS, _NOWHERE, _AWAY)}


def _judge(client: Client) -> Judgement:
    by = _fault(client)
    if by is None:
        return _FIT
    return filled(_LISTED[by], client) if by in _LISTED else _NOT_LOOKED_UP


def _fault(client: Client) -> Rule | None:
    form = client.helo_form
    if form.form is NameForm.LITERAL:
        return None if form.address == client.ip else _ADDRESS
    if form.form is NameForm.SINGLE_LABEL or client.helo_key.startswith("localhost."):
        return _LOCAL
    if form.form is NameForm.INVALID and (parse_address(client.helo_said) or "_" not in client.helo_said):
        return _ADDRESS
    found = [client.hosts(client.helo_key, family) for family in (4, 6)]
    if any(client.ip in hosts.addresses for hosts in found):
        return None
    if any(hosts.outcome.is_undetermined for hosts in found):
        return _UNSEEN
    return _AWAY if any(hosts.addresses for hosts in found) else _NOWHERE


RECEIVER = Receiver(
    id="spamhaus-css",
    title="Spamhaus CSS (as a consequence)",
    kind="provider",
    about=(
        "A block list, not a receiver: it stands here because it lists addresses for what they say in HELO, and because "
        "a listing is felt at nearly everybody at once, with 554 5.7.1 or the like at whoever asks ZEN. HELOs that get "
        "an address listed are localhost and other names without a dot, addresses, names that do not resolve, and names "
        "that lead elsewhere, above all when one address says many of them. A single wrong HELO need not lead to a "
        "listing; so the verdict is a risk. Codes of the list: 127.0.0.3 is CSS; 127.255.255.252, .254 and .255 are "
        "errors of the asker, not listings."
    ),
    rules=(_FITS, *_LISTED, _UNSEEN),
    build=lambda _config: _judge,
)
