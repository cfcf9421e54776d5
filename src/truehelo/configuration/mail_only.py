"""Whether alerts about mail travel only as mail, through a server that they may be about. Does not decide what follows."""

from collections.abc import Collection, Sequence

from truehelo.configuration.channels import LOOPBACK, ChannelSettings, EmailSettings
from truehelo.facts.address import parse_address
from truehelo.facts.names import canonical


def warn_only_watched_mail(channels: Sequence[ChannelSettings], watched_hosts: Collection[str]) -> tuple[str, ...]:
    """Warn when every alert travels as mail through servers that are watched, and would be lost with what it tells.

    A server on this very machine counts as watched: which one it is cannot be told from its name.

    Args:
        channels: All of them; with none there is nothing to warn of here.
        watched_hosts: The names and addresses that are watched; they compare as DNS names.
    """
    mail = [channel for channel in channels if isinstance(channel, EmailSettings)]
    if not channels or len(mail) < len(channels):
        return ()
    watched = {comparable(host) for host in watched_hosts}
    hosts = dict.fromkeys(comparable(channel.host) for channel in mail)
    if not all(host in watched or host in LOOPBACK for host in hosts):
        return ()
    own = all(host in LOOPBACK and host not in watched for host in hosts)
    which = "a server of this machine" if own else "which is watched"
    return (
        f"every alert travels as mail through {', '.join(hosts)}, {which}: "
        "when mail from there fails, nobody is told; add a channel of another kind, or a mail server that is not watched",
    )


def comparable(host: str) -> str:
    """Return a name or an address as those of the inventory are kept."""
    ip = parse_address(host.removeprefix("[").removesuffix("]"))
    return canonical(host) if ip is None else str(ip)
