"""An SPF record that leads to more than is followed is undetermined, and never good (RFC 7208 §11.1)."""

from support.domaintable import judged, tags

TERMS = [f"mx:m{term}.example.com " for term in range(12)]
RECORD = '"v=spf1 " ' + " ".join(f'"{term}"' for term in TERMS) + ' "-all"'
HOSTS = [f"m{term}.example.com MX 10 h{host}.m{term}.example.com" for term in range(12) for host in range(10)]
ADDRESSES = [f"h{host}.m{term}.example.com A 192.0.2.{host}" for term in range(12) for host in range(10)]


def test_what_was_cut_says_so() -> None:
    audit = judged("\n".join([f"example.com TXT {RECORD}", *HOSTS, *ADDRESSES]))
    assert {"DOMAIN_SPF_UNKNOWN", "DOMAIN_SPF_TOO_MANY_LOOKUPS"} <= tags(audit)
    assert "DOMAIN_SPF_GOOD" not in tags(audit)
    said = next(each.message for each in audit.findings if each.tag.name == "DOMAIN_SPF_UNKNOWN")
    assert "250 questions were asked" in said


def test_what_nobody_answers_for_is_given_up_and_undetermined() -> None:
    hosts = [f"h{host}.m{term}.example.com" for term in range(2) for host in range(10)]
    fail = {f"{host} {rdtype}": "timeout" for host in hosts for rdtype in ("A", "AAAA")}
    table = ["example.com TXT v=spf1 mx:m0.example.com mx:m1.example.com -all", *HOSTS]
    found = tags(judged("\n".join(table), fail=fail))
    assert "DOMAIN_SPF_UNKNOWN" in found
    assert not found & {"DOMAIN_SPF_GOOD", "DOMAIN_SPF_TOO_MANY_LOOKUPS", "DOMAIN_SPF_NEUTRAL", "DOMAIN_SPF_VOID"}
