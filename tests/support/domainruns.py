"""Runs over domains to render: tame ones out of the scenarios, and one in which every record is a stranger's text."""

from dataclasses import replace
from unittest import mock

from support.domains import AT, facts, load
from truehelo.domains import DomainAudit, DomainRun
from truehelo.engine.domain_run import judge_domain
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, NameServer, Outcome, Question, Record
from truehelo.facts.domain import DomainFacts, Fetched, PolicyFetch, Selector, SelectorSource


def audits() -> dict[str, DomainRun]:
    """Return runs to render: one for each kind of state, all of them together, and one that was interrupted."""
    names = {
        "good": "a null MX says that the domain takes no mail, and needs no policy for the way",
        "warning": "names below are protected less",
        "error": "an enforced policy that leaves out an MX host stops mail",
        "undetermined": "a zone that nobody answers for leaves everything undetermined, and nothing missing",
        "signed": "TLSA records that DNSSEC vouches for",
    }
    told = {scenario["name"]: scenario for scenario in load()}
    with mock.patch("truehelo.engine.domain.secrets.token_hex", return_value="0123456789abcdef"):
        judged = {key: judge_domain(facts(told[name])) for key, name in names.items()}
    runs = {key: _run(audit) for key, audit in judged.items()}
    return {
        **runs,
        "all": _run(*judged.values()),
        "none": _run(),
        "interrupted": replace(_run(judged["error"]), interrupted=True),
    }


def _run(*audits: DomainAudit) -> DomainRun:
    asked = tuple(audit.facts.name for audit in audits)
    return DomainRun(asked=asked, started=AT, elapsed_s=1.25, resolvers=("192.0.2.1",), domains=audits, notes=("a <note>",))


def hostile(texts: "list[str]") -> DomainRun:
    """Return a run in which every record holds a stranger's text, and so does the policy."""
    text = " ".join(texts)

    def record(name: str, rdtype: str, data: str, octets: bytes = b"") -> Lookup:
        pieces = [octets[at : at + 255] for at in range(0, len(octets), 255)]
        raw = b"".join(bytes([len(piece)]) + piece for piece in pieces).hex()
        made = Record(owner=name, ttl=60, rdtype=rdtype, data=data, raw=raw)
        said = Exchange(
            server=f"192.0.2.1:53{text[:20]}",
            transport="udp",
            vantage="test",
            at=AT,
            took_s=0.0,
            outcome=Outcome.ANSWER,
            records=(made,),
            detail=text,
        )
        return Lookup(question=Question(name=name, rdtype=rdtype), exchanges=(said,))

    def txt(name: str, begins: str) -> Lookup:
        return record(name, "TXT", text, f"{begins}{text}".encode("utf-8", "backslashreplace"))

    name = "s.example"
    lookups = (
        txt(name, "v=spf1 include:"),
        txt(f"_dmarc.{name}", "v=DMARC1; p=none; rua="),
        txt(f"_mta-sts.{name}", "v=STSv1; id="),
        txt(f"_smtp._tls.{name}", "v=TLSRPTv1; rua="),
        txt(f"default._bimi.{name}", "v=BIMI1; l="),
        txt(f"mine._domainkey.{name}", "v=DKIM1; p="),
        record(name, "MX", f"10 {text}"),
        record(name, "NS", text),
        record(name, "CAA", f'0 issue "{text}"'),
        record(name, "DS", text),
        record(name, "DNSKEY", text),
        record(f"_25._tcp.{text}", "TLSA", text),
    )
    seen = DomainFacts(
        name=name,
        organisation=name,
        lookups=lookups,
        zone=AuthoritativeView(question=Question(name=name, rdtype="NS"), apex=name, servers=(NameServer(name=text),)),
        policy=PolicyFetch(host=f"mta-sts.{name}", outcome=Fetched.ANSWER, at=AT, text=text, detail=text),
        selectors=(Selector(name="mine", source=SelectorSource.OPTION),),
    )
    return replace(_run(judge_domain(seen)), notes=tuple(texts))
