"""What a receiver can see of the client that connects: its address, its reverse and forward names, and its HELO.

RFC 5321 §4.1.4 (HELO), RFC 8601 §3 (reverse and forward). These are the facts of a subject, laid out as a receiver meets
them; nothing is judged here. Names are in lower case and without a final dot, but otherwise as they were said: whether a
malformed one counts differs between receivers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache, wraps
from typing import NamedTuple, TypeVar

from truehelo.facts.address import Address
from truehelo.facts.dns import Outcome
from truehelo.facts.names import NameForm, StatedForm, stated_form
from truehelo.generic import classify
from truehelo.reception import Judgement


class Names(NamedTuple):
    """What came of asking for a PTR or MX: the names in the order of the answer. `alias`: reached over a CNAME."""

    outcome: Outcome
    names: tuple[str, ...] = ()
    alias: bool = False


class Hosts(NamedTuple):
    """What came of asking for the A or AAAA of a name. `alias`: reached over a CNAME."""

    outcome: Outcome
    addresses: tuple[Address, ...] = ()
    alias: bool = False


NOT_ASKED = Hosts(Outcome.TIMEOUT)
NAMES_NOT_ASKED = Names(Outcome.TIMEOUT)
NO_NAMES = Names(Outcome.NXDOMAIN)


class Reverse(StrEnum):
    """How the PTR names of a client stand to its address, over all of them and in its own family (RFC 8601 §3)."""

    CONFIRMED = "every PTR name leads back"
    PARTLY = "some of several PTR names lead back"
    GENERIC = "every PTR name that leads back looks generated"
    ELSEWHERE = "no PTR name leads back"
    NONE = "there is no PTR record"
    FAILED = "a lookup failed"

    __hash__ = str.__hash__  # that of an enumeration is a call of its own


class HeloNotKnownError(Exception):
    """A model has come to a rule about the HELO, and the HELO is not known."""


def key(name: str) -> str:
    """Return a name as the maps of a client hold it: lower case, one final dot gone."""
    return name.removesuffix(".").lower()


_form = lru_cache(maxsize=8192)(stated_form)


@dataclass(frozen=True, kw_only=True)
class Client:
    """One sending server.

    `forwards` leads from a name (as `key` writes it) and a family (4 or 6) to its addresses, `mx` from a name to its mail
    exchangers. `helo` is the argument of HELO or EHLO as it is sent, None while it is not known: models read `helo_said`.
    """

    ip: Address
    ptr: Names
    forwards: Mapping[tuple[str, int], Hosts]
    mx: Mapping[str, Names]
    helo: str | None

    @cached_property
    def family(self) -> int:
        """4 or 6."""
        return self.ip.version

    @cached_property
    def address(self) -> str:
        """The address as it is written in replies."""
        return str(self.ip)

    @cached_property
    def helo_said(self) -> str:
        """The HELO.

        Raises:
            HeloNotKnownError: It is not known. A model lets this pass: `unseen` then asks it about every HELO there may be.
        """
        if self.helo is None:
            raise HeloNotKnownError
        return self.helo

    @cached_property
    def helo_key(self) -> str:
        """The HELO as the maps hold it."""
        return key(self.helo_said)

    @cached_property
    def helo_form(self) -> StatedForm:
        """What the HELO looks like (RFC 5321 §4.1.1.1, §4.1.3)."""
        return _form(self.helo_said)

    @cached_property
    def helo_is_name(self) -> bool:
        """The HELO is a well-formed host name, of one label or more."""
        return self.helo_form.form in (NameForm.FQDN, NameForm.SINGLE_LABEL)

    def hosts(self, name: str, family: int) -> Hosts:
        """Return what came of asking for the addresses of `name` in one family."""
        return self.forwards.get((name, family), NOT_ASKED)

    def mail_exchangers(self, name: str) -> Names:
        """Return what came of asking for the MX of `name`."""
        return self.mx.get(name, NAMES_NOT_ASKED)

    def leads_back(self, name: str) -> bool:
        """Tell whether `name` has the address of this client, in its own family."""
        return self.ip in self.hosts(name, self.family).addresses

    @cached_property
    def confirmed(self) -> tuple[str, ...]:
        """The PTR names that lead back (RFC 8601 §3)."""
        return tuple(name for name in self.ptr.names if self.leads_back(name))

    @cached_property
    def generic(self) -> frozenset[str]:
        """The PTR names that look generated from the address, or handed out by a provider."""
        return frozenset(name for name in self.ptr.names if classify(name, self.ip))

    @cached_property
    def reverse(self) -> Reverse:
        """How the PTR names stand to the address, for receivers that publish no more than that they must fit."""
        if self.ptr.outcome.is_undetermined:
            return Reverse.FAILED
        if not self.ptr.names:
            return Reverse.NONE
        if self.confirmed:
            if self.generic.issuperset(self.confirmed):
                return Reverse.GENERIC
            return Reverse.CONFIRMED if len(self.confirmed) == len(self.ptr.names) else Reverse.PARTLY
        failed = any(self.hosts(name, self.family).outcome.is_undetermined for name in self.ptr.names)
        return Reverse.FAILED if failed else Reverse.ELSEWHERE

    @cached_property
    def place(self) -> tuple[int, Reverse]:
        """Family and how the PTR names stand to the address: all that some receivers look at."""
        return self.family, self.reverse

    @cached_property
    def judged(self) -> dict[str, Judgement]:
        """What parts of bundles have said of it, by their names: several bundles are made of the same parts."""
        return {}


T = TypeVar("T")


def once(function: Callable[[Client], T]) -> Callable[[Client], T]:
    """Have a function of a client alone worked out once for each client, since several models ask for it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def worked_out(client: Client) -> T:
        known = client.__dict__
        if name in known:
            return known[name]  # type: ignore[no-any-return]
        found = known[name] = function(client)
        return found

    return worked_out
