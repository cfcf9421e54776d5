"""The reference page of the blocklists, in Markdown: made from the catalogue alone, so that page and data cannot part."""

from collections.abc import Iterable, Mapping

from truehelo.blocklists.model import Blocklist, Status, Weight

_HEAD = """# Blocklists

The lists that `truehelo check --dnsbl` knows: what is asked, what the answers mean, what they weigh, where an address is
looked up and removed. By default the lists marked "asked" are asked, and those that a key is given for; `--dnsbl=LIST,LIST`
names others, and `--dnsbl=all` means every list that can be asked. A list is believed only after its test entries were seen
(RFC 5782 §5), so that a dead list, one that lists everything, and a resolver that a list refuses are told as such.
[Yours](../how-to/add-a-blocklist.md) is one more entry in a file.

Grades: S: run, or read in its own source; D: documented by the list itself; O: as others that ask it have it, or as it was
observed; U: general knowledge, not verified. The addresses of pages were not visited.
"""
_STATUS = {
    Status.ACTIVE: "",
    Status.KEY: "needs a key",
    Status.REGISTRATION: "needs a registration",
    Status.DEAD: "dead",
}


def page(lists: Mapping[str, Blocklist]) -> str:
    """Return the page."""
    parts = [_HEAD, _table(lists.values())]
    alive = [each for each in lists.values() if each.askable]
    dead = [each for each in lists.values() if not each.askable]
    parts += [_section(each) for each in alive]
    parts.append("## Lists that are dead\n\n| list | zone | since | what happens there | source |\n|---|---|---|---|---|")
    parts[-1] += "".join(
        f"\n| `{each.id}` | `{each.zone}` | {each.since} | {_cell(each.terms)} | {_cell(each.source)} |" for each in dead
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(lists: Iterable[Blocklist]) -> str:
    lines = ["| list | name | for | families | by default | needs | grade | seen |", "|---|---|---|---|---|---|---|---|"]
    for each in lists:
        if each.askable:
            families = ", ".join(f"IPv{family}" for family in sorted(each.families))
            default = "asked" if each.default else ""
            lines.append(
                f"| [`{each.id}`](#{each.id}) | {_cell(each.name)} | {each.purpose} | {families} | {default} "
                f"| {_STATUS[each.status].removeprefix('needs ')} | {each.grade} | {each.seen} |"
            )
    return "\n".join(lines)


def _section(each: Blocklist) -> str:
    zones = [f"`{zone}`" for zone in (each.zone, each.keyed_zone.replace("{key}", "KEY")) if zone]
    facts = [
        ("Zone", " or ".join(zones)),
        ("Operator", each.operator),
        ("Terms", each.terms),
        ("Limit", each.limit),
        ("Look up", each.lookup and f"<{each.lookup.replace('{ip}', 'ADDRESS')}>"),
        ("Removal", each.delist and f"<{each.delist.replace('{ip}', 'ADDRESS')}>"),
        ("Source", f"{each.source} ({each.grade}, {each.seen})"),
    ]
    lines = [f"## {each.id}", "", f"{each.name}: {each.about}.", "", *(f"- {name}: {text}" for name, text in facts if text)]
    rows = [(meaning.codes.text, str(meaning.weight), meaning.means) for meaning in each.meanings]
    rows += [(refusal.codes.text, "unknown", refusal.means) for refusal in each.refusals]
    lines += ["", "| code | weighs | means |", "|---|---|---|"]
    lines += [f"| `{code}` | {_weight(weight)} | {_cell(means)} |" for code, weight, means in rows]
    if not each.complete:
        other = "another" if rows else "any"
        lines.append(f"| {other} within 127.0.0.0/8 | {_weight(str(each.weight))} | {_cell(each.about)} |")
    return "\n".join(lines)


def _weight(word: str) -> str:
    return {str(Weight.OK): "for the address", str(Weight.NOTE): "information"}.get(word, word)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
