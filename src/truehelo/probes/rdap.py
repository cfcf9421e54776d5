"""The HolderRegistry port over RDAP (RFC 9082, RFC 9083 §5.4), by whoisit. Asked only when the user wants to know.

whoisit finds the registry by IANA's bootstrap files (RFC 9224), which are fetched with the first question of a run.
Whatever goes wrong is a fact. Does not decide who may change a reverse zone: the holder of a network may have delegated it.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

from truehelo.facts.address import Address
from truehelo.facts.holder import Holder, HolderOutcome
from truehelo.facts.text import visible
from truehelo.ports import NOT_CONTACTED, Clock
from truehelo.probes.routes import Routes

Registration = Mapping[str, Any]
"""What whoisit makes of a registry's reply: a stranger's data in a shape that is only hoped for."""

_MAX_TEXT = 200
_MAX_CONTACTS = 4
_OWNERS = ("registrant", "administrative")
# A reply of an unexpected shape surfaces in whoisit's parser as one of these.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)


class NotRegisteredError(Exception):
    """The registry has no registration that covers the address."""


class RegistryError(Exception):
    """The registry could not be asked, or its reply not be read."""


class RdapRegistry:
    """Asks the registry over HTTPS, in a thread, for at most `timeout_s` seconds with the bootstrap included.

    `fetch` does the asking; whoisit unless a test brings another. It raises NotRegisteredError or RegistryError.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        routes: Routes,
        timeout_s: float = 20.0,
        fetch: Callable[[Address], Registration] | None = None,
    ) -> None:
        """Keep the settings; nothing is fetched yet."""
        self._clock, self._routes, self._timeout_s = clock, routes, timeout_s
        self._fetch = fetch or _whoisit

    async def holder(self, ip: Address) -> Holder:
        """Return the registration that covers `ip`; a failure is a fact, not an exception."""
        at = self._clock.now()
        if self._routes.loopback_only:
            return Holder(outcome=HolderOutcome.FAILED, at=at, detail=NOT_CONTACTED)
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await _in_thread(lambda: self._fetch(ip))
            return _holder(found, self._clock)
        except TimeoutError:
            return Holder(
                outcome=HolderOutcome.FAILED, at=at, detail=f"the registry did not reply in {self._timeout_s:g} s"
            )
        except NotRegisteredError:
            return Holder(outcome=HolderOutcome.NOT_FOUND, at=at, detail="the registry has no registration for it")
        except RegistryError as error:
            return Holder(outcome=HolderOutcome.FAILED, at=at, detail=visible(str(error), _MAX_TEXT))
        except _UNREADABLE as error:
            detail = f"the registry's reply could not be read ({type(error).__name__})"
            return Holder(outcome=HolderOutcome.FAILED, at=at, detail=detail)


async def _in_thread(work: Callable[[], Registration]) -> Registration:
    """Run `work` in a thread that is abandoned, not waited for, when the caller gives up."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Registration] = loop.create_future()

    def settle(result: Registration | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        elif result is not None:
            done.set_result(result)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except (NotRegisteredError, RegistryError, *_UNREADABLE) as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="rdap", daemon=True).start()
    return await done


_bootstrapping = threading.Lock()


def _whoisit(ip: Address) -> Registration:
    import whoisit  # late: it brings two HTTP stacks, for a question that is seldom asked
    from whoisit import errors

    try:
        with _bootstrapping:
            if not whoisit.is_bootstrapped():
                whoisit.bootstrap()
        found: Registration = whoisit.ip(ip)
    except errors.ResourceDoesNotExist as error:
        raise NotRegisteredError from error
    except errors.WhoisItError as error:
        raise RegistryError(str(error)) from error
    return found


def _holder(found: Registration, clock: Clock) -> Holder:
    entities = found.get("entities") or {}
    owners = [entity for role in _OWNERS for entity in entities.get(role, ())]
    abuse = [_text(entity.get("email")) for entity in entities.get("abuse", ())]
    return Holder(
        outcome=HolderOutcome.FOUND,
        at=clock.now(),
        handle=_text(found.get("handle")),
        name=_text(found.get("name")),
        organisation=next((name for entity in owners if (name := _text(entity.get("name")))), ""),
        network=_text(found.get("network")),
        country=_text(found.get("country")),
        abuse=tuple(dict.fromkeys(mail for mail in abuse if mail))[:_MAX_CONTACTS],
    )


def _text(value: object) -> str:
    return "" if value is None else visible(str(value), _MAX_TEXT)
