"""SpamAssassin: what its stock rules make of the names in the `Received:` line of the mail server in front of it.

Run as 4.0.1, with the rules that Debian 12 packages and those of Debian 13, in all four score sets. Does not decide what
content, SPF, DKIM, DNS lists and Bayes add.
"""

from collections.abc import Callable

from truehelo.receivers.client import Client, once
from truehelo.receivers.filters import _front
from truehelo.receivers.filters._score import Weigh, by_points, weigher
from truehelo.receivers.filters._spamassassin_names import Line, Message, symbols_of
from truehelo.receivers.filters._spamassassin_rules import ACCEPTS, GONE_IN_DEBIAN_13, RULES, points
from truehelo.receivers.filters._spamassassin_words import ABOUT, SETTINGS
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._postfix_names import said
from truehelo.reception import Judgement, either

Front = Callable[[Client], tuple[Line, ...]]
"""The lines that a mail server may write about a client, that of the PTR names in their order first."""


@once
def _postfix(client: Client) -> tuple[Line, ...]:
    return _lines(said(client.helo_said), _front.postfix_names(client))


@once
def _sendmail(client: Client) -> tuple[Line, ...]:
    return _lines(client.helo_said, _front.sendmail_names(client))


def _opensmtpd(client: Client) -> tuple[Line, ...]:
    lines = _lines(client.helo_said, _front.opensmtpd_names(client))
    # Where the name is empty the HELO is not found either.
    return tuple([line if line.rdns else line._replace(helo="") for line in lines])


def _lines(helo: str, names: _front.Names) -> tuple[Line, ...]:
    """Lines that begin with the HELO, one for each name that there may be."""
    return tuple([Line(name, helo, helo) for name in (names if len(names) == 1 else dict.fromkeys(names))])


@once
def _exim(client: Client) -> tuple[Line, ...]:
    return tuple([_exim_line(client, name) for name in _front.exim_names(client)])


def _exim_without_host_lookup(client: Client) -> tuple[Line, ...]:
    return (_exim_line(client, ""),)


def _exim_line(client: Client, name: str) -> Line:
    helo = client.helo_said
    shown = not _front.exim_omits(client, name)
    return Line(name, helo if shown else name, name or f"[{client.ip}]", stated=shown, sought=False)


_FRONTS: dict[str, Front] = {
    "exim": _exim,
    "exim_without_host_lookup": _exim_without_host_lookup,
    "sendmail": _sendmail,
    "opensmtpd": _opensmtpd,
    "postfix": _postfix,
}


class _Filter:
    def __init__(self, config: Config, weigh: Weigh) -> None:
        self._weigh = weigh
        self._front = next((front for name, front in _FRONTS.items() if name in config.on), _postfix)
        # sa-update brings a set of rules of its own, whatever was packaged.
        packaged = "debian_13" in config.on and "sa_update" not in config.on
        self._gone = GONE_IN_DEBIAN_13 if packaged else frozenset()
        self._message = Message("single_hop" in config.on, "bare_from" in config.on, "authenticated" in config.on)

    def judge(self, client: Client) -> Judgement:
        lines = self._front(client)
        message, ip = self._message, client.ip
        if self._gone:
            kept = (tuple([each for each in symbols_of(line, ip, message) if each not in self._gone]) for line in lines)
            return either(tuple(map(self._weigh, kept)), "record order")
        if len(lines) == 1:
            return self._weigh(symbols_of(lines[0], ip, message))
        return either(tuple([self._weigh(symbols_of(line, ip, message)) for line in lines]), "record order")


def _build(config: Config) -> Judge:
    scores = points(int(config.values.get("set", "3")), updated="sa_update" in config.on)
    weigh = weigher(ACCEPTS, RULES, lambda symbol, _: scores[symbol], lambda score: (by_points(score), ""))
    return _Filter(config, weigh).judge


RECEIVER = Receiver(
    id="spamassassin",
    title="SpamAssassin",
    kind="filter",
    about=ABOUT,
    rules=(ACCEPTS, *RULES.values()),
    build=_build,
    versions=("4.0.1",),
    settings=SETTINGS,
    values={"set": ("0", "1", "2", "3")},
    shown=("spamassassin+postfix", "spamassassin+exim", "spamassassin+sendmail"),
)
