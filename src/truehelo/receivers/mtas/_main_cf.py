"""A Postfix main.cf -> the configuration of the model: postconf(5), its lists, codes and switches about names.

Read as Postfix reads it: continuation lines, comments, the last of several, `$name`, restriction classes. What the model
cannot know (tables, policy services, DNS lists, what else may refuse or let pass) is noted in the configuration, and the
verdict says so. Whether an access table would say something about this client is not decided.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from truehelo.errors import FileError
from truehelo.receivers.model import Config
from truehelo.receivers.mtas import _main_cf_text
from truehelo.receivers.mtas._postfix_words import NOTED, PRESETS, VALUES

_KNOWN = {name: name for name in PRESETS["strict"]} | {
    # As they were called before Postfix 2.3.
    "reject_unknown_client": "reject_unknown_client_hostname",
    "reject_invalid_hostname": "reject_invalid_helo_hostname",
    "reject_non_fqdn_hostname": "reject_non_fqdn_helo_hostname",
    "reject_unknown_hostname": "reject_unknown_helo_hostname",
}
_LISTS = tuple(f"smtpd_{which}_restrictions" for which in ("client", "helo", "sender", "relay", "recipient", "data"))
"""In the order in which they are come to, at RCPT."""
_DEFAULTS = {"smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"}
_SWITCHES = ("soft_bounce", "smtpd_helo_required")
_CODES = tuple(name for name in VALUES if name.endswith("_code"))
_CHOICES = ("smtpd_delay_reject", "smtpd_peername_lookup", "unknown_helo_hostname_tempfail_action")
_NOT_ABOUT_STRANGERS = frozenset(
    """permit_mynetworks permit_sasl_authenticated permit_tls_all_clientcerts permit_tls_clientcerts permit_inet_interfaces
    reject_unauth_destination defer_unauth_destination reject_unauth_pipelining reject_plaintext_session
    reject_sender_login_mismatch reject_authenticated_sender_login_mismatch reject_unauthenticated_sender_login_mismatch
    reject_known_sender_login_mismatch reject_non_fqdn_sender reject_non_fqdn_recipient reject_unknown_sender_domain
    reject_unknown_recipient_domain reject_unlisted_sender reject_unlisted_recipient reject_unverified_sender
    reject_unverified_recipient reject_multi_recipient_bounce""".split()
)
"""About the sender's or the recipient's address, about the protocol, or about clients that are known."""
_LETS_PASS = frozenset(("permit", "permit_auth_destination"))
"""A list ends there for mail to the receiver's own domains."""
_WITH_ARGUMENT = ("check_", "reject_rbl_client", "reject_rhsbl_", "permit_dnswl_client", "permit_rhswl_client", "sleep")
MAX_CLASSES = 20
MAX_RESTRICTIONS = 1000


def read_main_cf(text: str, path: str, plain: Config) -> Config:
    """Return the configuration of the model that a main.cf stands for.

    `path` names the file in errors; `plain` is what is set besides.

    Raises:
        FileError: A line cannot be read, or the value of a setting is none that Postfix takes.
    """
    parameters = _main_cf_text.parameters(text, path)
    reading = _Reading(parameters, path)
    names, notes = list(dict.fromkeys(reading.restrictions())), reading.notes
    on = set(plain.on)
    values = dict(plain.values)
    for name in _SWITCHES:
        if reading.choice(name, ("yes", "no")) == "yes":
            on.add(name)
    for name in _CHOICES:
        chosen = reading.choice(name, VALUES[name])
        if chosen:
            values[name] = chosen
    for name in _CODES:
        code = reading.code(name)
        if code:
            values[name] = code
    if any(name.startswith("postscreen_") for name in parameters):
        notes.append("whether postscreen stands in front is said in master.cf")
    if names:
        values["restrictions"] = "/".join(names)
    if notes:
        values[NOTED] = "; ".join(dict.fromkeys(notes))
    return replace(plain, on=frozenset(on), values=values)


class _Reading:
    """The parameters of one file, and what came of reading them that the model cannot know."""

    def __init__(self, parameters: Mapping[str, _main_cf_text.Parameter], path: str) -> None:
        self._parameters, self._path = parameters, path
        self.notes: list[str] = []
        self._classes = frozenset(self._words("smtpd_restriction_classes")[:MAX_CLASSES])
        self._left = MAX_RESTRICTIONS

    def restrictions(self) -> Iterator[str]:
        """Yield the model's restrictions in the order in which a stranger's mail comes to them."""
        for name in _LISTS:
            yield from self._list(name, self._words(name), ())

    def _list(self, where: str, words: list[str], inside: tuple[str, ...]) -> Iterator[str]:
        rest = iter(words)
        for word in rest:
            self._left -= 1
            if self._left < 0:
                self.notes.append(f"{where} is read up to {MAX_RESTRICTIONS} restrictions")
                return
            if word in _KNOWN:
                yield _KNOWN[word]
            elif word in _LETS_PASS:
                return
            elif word == "reject":
                self.notes.append(f"{where} refuses everybody who comes to its end")
                return
            elif word == "warn_if_reject":
                self.notes.append(f"warn_if_reject {next(rest, '')} only warns".replace("  ", " "))
            elif word in self._classes and word not in inside:
                yield from self._list(word, self._words(word), (*inside, word))
            elif word not in _NOT_ABOUT_STRANGERS:
                argument = f" {next(rest, '')}" if word.startswith(_WITH_ARGUMENT) else ""
                self.notes.append(f"{where} has {word}{argument}")

    def choice(self, name: str, accepted: tuple[str, ...]) -> str:
        """Return the value of a parameter that takes one of a few; "" where it is not set."""
        return self._checked(name, lambda value: value in accepted, f"give one of {', '.join(accepted)}")

    def code(self, name: str) -> str:
        """Return a reply code; "" where it is not set."""
        return self._checked(name, _is_code, "give a reply code between 400 and 599")

    def _checked(self, name: str, is_right: Callable[[str], bool], accepted: str) -> str:
        found = self._parameters.get(name)
        if found is None:
            return ""
        value = self._value(name)
        if not is_right(value):
            raise FileError(self._path, f"{name} cannot be {value!r}", accepted, line=found.line)
        return value

    def _words(self, name: str) -> list[str]:
        found = self._parameters.get(name)
        value = _DEFAULTS.get(name, "") if found is None else self._value(name)
        return _main_cf_text.words(value)

    def _value(self, name: str) -> str:
        value, unknown = _main_cf_text.expanded(self._parameters, name)
        self.notes += [f"{name} uses {each}" for each in unknown]
        return value


def _is_code(value: str) -> bool:
    return len(value) == 3 and value.isascii() and value.isdigit() and value[0] in "45"
