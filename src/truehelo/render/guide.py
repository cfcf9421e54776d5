"""A guide as a page in Markdown: the pages of docs/guides, and what `truehelo guide` prints.

The text is ours, or that of whoever wrote the guide; the values in its places were checked when they were filled in.
"""

from collections.abc import Iterator, Sequence

from truehelo.advice.guides.fill import Places, way
from truehelo.advice.guides.fill import places as fill_places
from truehelo.advice.guides.model import Guide, MtaGuide, ProviderGuide, WayText
from truehelo.findings import Way
from truehelo.render.guidance import PROMPTS

GRADES = {
    "S": "S: seen in its source or by running it",
    "D": "D: documented by its maker",
    "O": "O: observed",
    "U": "U: general knowledge, not verified",
}
_SETTERS = {
    "customer": "the customer, alone",
    "support": "the provider's support, on request",
    "zone": "whoever runs the name servers of the reverse zone",
}
_KINDS = {"panel": "In the panel", "cli": "On the command line", "api": "Over the API", "powershell": "In PowerShell"}
_NAMES = {"greeting": "the greeting", "ehlo_reply": "the reply to EHLO", "helo": "the HELO that it sends"}


def page(guide: Guide, places: Places, heading: str = "##") -> str:
    """Return the page of one guide, its places filled, as a section with this heading."""
    lines = [f"{heading} {guide.id}", "", f"**{guide.name}**", ""]
    lines += _provider(guide, places) if isinstance(guide, ProviderGuide) else _mta(guide, places)
    sources = "; ".join(guide.origin.sources)
    lines += [f"Seen {guide.origin.seen}, grade {GRADES[guide.origin.grade]}. Sources: {sources}."]
    return "\n".join(lines) + "\n"


def _provider(guide: ProviderGuide, places: Places) -> Iterator[str]:
    yield from (f"{guide.who} Default PTR: {guide.default}.", "")
    yield from _ways(guide.ways, places)
    for limit in guide.limits:
        family = f" (IPv{limit.family})" if limit.family else ""
        yield f"- {_sentence(places.fill(limit.text))}{family}"
    if guide.support:
        yield f"- Support: {guide.support}."
    yield f"- Recognised by {', '.join(_recognised(guide))}."
    yield ""


def _recognised(guide: ProviderGuide) -> Iterator[str]:
    if guide.defaults:
        yield "its default PTR names"
    if guide.zone:
        yield f"the reverse zone's SOA or NS names below {' '.join(f'`{suffix}`' for suffix in guide.zone)}"
    if guide.rdap:
        yield f"the registration ({'; '.join(guide.rdap)})"
    if guide.own:
        yield "a delegation by CNAME, or SOA and NS names of the organisation's own domain"


def _mta(guide: MtaGuide, places: Places) -> Iterator[str]:
    yield from (f"Greets as: {guide.greeting}.", "")
    for setting in guide.settings:
        made = " and ".join(name for key, name in _NAMES.items() if key in setting.makes)
        yield from (f"For {made}, `{setting.key}`:", "")
        yield from _way(way(setting, places))
    if guide.reload:
        yield from ("Then:", "", *_code([f"$ {places.fill(command)}" for command in guide.reload]))
    yield from (f"- {_sentence(note)}" for note in (*guide.notes, *guide.versions))
    yield from [""] if guide.notes or guide.versions else []
    yield from ("To see what it is now, on the machine and from outside:", "")
    yield from _code([f"$ {line}" for line in (*guide.verify, places.fill("truehelo check {ip}={name}"))])


def _sentence(text: str) -> str:
    return text if text.endswith((".", ")")) else f"{text}."


def _ways(texts: Sequence[WayText], places: Places) -> Iterator[str]:
    for text in texts:
        if places.family is not None and text.family not in (None, places.family):
            continue
        family = f" (IPv{text.family})" if text.family else ""
        head = _KINDS.get(text.kind)
        if head is not None:
            yield from (f"{head}{family}:", "")
        elif text.kind == "ticket":
            yield from (f"By a message{family}:", "")
        yield from _way(way(text, places))


def _way(made: Way) -> Iterator[str]:
    if made.kind == "config":
        yield from (f"In {made.where}:", "", *_code(list(made.lines)))
    elif made.where:
        yield from (f"- {made.where}", "")
    if made.commands:
        yield from _code([f"{PROMPTS.get(made.kind, '$ ')}{command}" for command in made.commands])
    if made.note:
        yield from (f"{_sentence(made.note)}", "")


def _code(lines: list[str]) -> list[str]:
    return ["```text", *lines, "```", ""]


def pages(providers: Sequence[ProviderGuide], mtas: Sequence[MtaGuide]) -> dict[str, str]:
    """Return the pages of docs/guides by file name: an index, the providers, the mail servers."""
    filled = fill_places()
    index = [
        "# Guides",
        "",
        "How the PTR is set at each provider, and which settings make the three names of each mail server: what the fix of",
        "`truehelo check` prints with your own names in it, and `truehelo guide NAME` at any time.",
        "[Yours](../how-to/add-a-guide.md) is one more file. These pages are made from the files.",
        "",
        "Grades: " + "; ".join(GRADES.values()) + ".",
        "",
        "| provider | name | who sets the PTR | grade | seen |",
        "|---|---|---|---|---|",
        *(_row(each, "providers.md", _SETTERS[each.sets]) for each in providers),
        "",
        "| mail server | name | greets as | grade | seen |",
        "|---|---|---|---|---|",
        *(_row(each, "mtas.md", each.greeting) for each in mtas),
    ]
    head = "In capitals: what stands for your own names. [All guides](README.md)\n"
    return {
        "README.md": "\n".join(index) + "\n",
        "providers.md": "\n".join([f"# Providers\n\n{head}", *(page(each, filled) for each in providers)]),
        "mtas.md": "\n".join([f"# Mail servers\n\n{head}", *(page(each, filled) for each in mtas)]),
    }


def _row(guide: Guide, file: str, about: str) -> str:
    return f"| [`{guide.id}`]({file}#{guide.id}) | {guide.name} | {about} | {guide.origin.grade} | {guide.origin.seen} |"
