"""What the receivers do, in text: grouped from refuse to unknown, a line for each that minds, the rest folded.

Judges nothing; the verdicts are those of `receivers`. Which rule, which reply, from which source, is for -v.
"""

from collections import Counter, defaultdict

from truehelo.facts.text import visible
from truehelo.findings import Audit, SubjectAudit
from truehelo.reception import Judgement, Opinion, Reception
from truehelo.render.look import EVIDENCE, NORMAL
from truehelo.render.style import Style

WORDS = {
    Reception.REFUSE: "refuse",
    Reception.TEMPFAIL: "tempfail",
    Reception.AT_RISK: "at risk",
    Reception.ACCEPT: "accept",
    Reception.UNKNOWN: "unknown",
}
COLORS = {
    Reception.REFUSE: "red",
    Reception.TEMPFAIL: "red",
    Reception.AT_RISK: "yellow",
    Reception.ACCEPT: "green",
    Reception.UNKNOWN: "yellow",
}
MINDING = (Reception.REFUSE, Reception.TEMPFAIL, Reception.AT_RISK)
_HEAD = 12
"""Columns before the text of a line: two, the longest word, two."""
_KINDS = {"mta": "mail server", "filter": "filter", "bundle": "bundle", "provider": "mailbox provider"}
SHOWN_IN_GROUPS = 12


def minding(subject: SubjectAudit) -> list[Opinion]:
    """Return the opinions of the receivers that mind, worst first."""
    found = [each for each in subject.receivers if each.judgement.verdict in MINDING]
    return sorted(found, key=lambda each: each.judgement.verdict.rank)


def counted(opinions: tuple[Opinion, ...]) -> str:
    """Return how many there are of each verdict: "2 refuse, 4 tempfail, 31 accept"."""
    counts = Counter(opinion.judgement.verdict for opinion in opinions)
    return ", ".join(f"{counts[verdict]} {WORDS[verdict]}" for verdict in Reception if counts[verdict])


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return what the receivers do with mail of one address, as lines."""
    opinions = subject.receivers
    if not opinions:
        return []
    by_verdict: dict[Reception, list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        by_verdict[opinion.judgement.verdict].append(opinion)
    if len(by_verdict) == 1 and len(opinions) > 1 and style.look.verbosity == NORMAL:
        (verdict,) = by_verdict
        return _all_agree(verdict, by_verdict[verdict], style)
    lines = style.wrap(f"Receivers ({len(opinions)} asked: {counted(opinions)})", "  ", "    ")
    lines[0] = f"  {style.paint('Receivers', 'bold')}{lines[0][11:]}"
    for verdict in Reception:
        lines += _group(verdict, by_verdict[verdict], style) if by_verdict[verdict] else []
    return lines


def _all_agree(verdict: Reception, opinions: list[Opinion], style: Style) -> list[str]:
    why = f", waiting for {waits(opinions)}" if verdict is Reception.UNKNOWN else ""
    reply = {reason(opinion.judgement) for opinion in opinions}
    same = f": {reply.pop()}" if len(reply) == 1 and verdict in MINDING else ""
    return style.wrap(f"Receivers: all {len(opinions)} {WORDS[verdict]}{why}{same}", "  ", "    ")


def _group(verdict: Reception, opinions: list[Opinion], style: Style) -> list[str]:
    """Return the lines of one verdict: one a receiver where it minds, folded where it does not."""
    if style.look.verbosity >= EVIDENCE:
        body = [line for opinion in opinions for line in _in_full(opinion, style)]
    elif verdict in MINDING:
        body = [line for opinion in opinions for line in _in_one(opinion, style)]
    else:
        body = _folded(verdict, opinions, style)
    word = style.paint(WORDS[verdict].ljust(_HEAD - 4), COLORS[verdict])
    return [f"  {word}  {body[0][_HEAD:]}", *body[1:]]


def _in_one(opinion: Opinion, style: Style) -> list[str]:
    """One line, cut where it does not fit: -v has it whole."""
    text = f"{opinion.receiver}: {reason(opinion.judgement)}"
    return [" " * _HEAD + cut(text, style.look.width - _HEAD)]


def cut(text: str, room: int) -> str:
    """Return a text that takes no more than `room` columns; what is cut is whole with -v."""
    return text if len(text) <= room else text[: max(room - 3, 20)].rstrip() + "..."


def reason(judgement: Judgement) -> str:
    """Say in one phrase what a receiver does: its reply, its points, or the rule in words."""
    if judgement.depends and judgement.outcomes:
        each = dict.fromkeys(_short(outcome) for outcome in judgement.outcomes)
        return f"{' or '.join(each)} ({depends(judgement)})"
    return _short(judgement)


def depends(judgement: Judgement) -> str:
    """Say on what an outcome hangs."""
    return "by its policy" if judgement.depends == "policy" else f"depends on {judgement.depends}"


def _short(judgement: Judgement) -> str:
    if judgement.score is not None and judgement.score:
        heaviest = sorted((symbol for symbol in judgement.symbols if symbol.points > 0), key=lambda each: -each.points)
        symbols = ", ".join(visible(symbol.name, 60) for symbol in heaviest)
        points = f"{judgement.score:+.1f} points"
        does = f", {visible(judgement.reply, 100)}" if judgement.reply else ""
        return f"{points}{does} ({symbols})" if symbols else points + does
    if judgement.reply:
        return visible(judgement.reply, 300)
    return WORDS[judgement.verdict] if judgement.verdict is Reception.ACCEPT else visible(judgement.rule.words, 300)


def _folded(verdict: Reception, opinions: list[Opinion], style: Style) -> list[str]:
    """Mailbox providers by name, since they are asked about; the others by number."""
    named = [opinion.receiver for opinion in opinions if opinion.kind == "provider" or len(opinions) <= SHOWN_IN_GROUPS]
    others = len(opinions) - len(named)
    rest = f"{others} mail servers and filters (-v names them)"
    listed = ", ".join([*named, *([rest] if others else [])])
    if verdict is Reception.UNKNOWN:
        listed += f"; waiting for {waits(opinions)}"
    return style.wrap(listed, " " * _HEAD)


def waits(opinions: list[Opinion]) -> str:
    """Return the facts that these opinions wait for, in words."""
    keys = dict.fromkeys(key for opinion in opinions for key in opinion.judgement.waits_for)
    return ", ".join(waits_for(key) for key in keys) or "a fact that is not known"


def waits_for(key: str) -> str:
    """Return the key of a fact in words: "dns:PTR:4.100.51.198.in-addr.arpa" is "the PTR of ..."."""
    if key == "helo":
        return "the HELO that it sends (--helo NAME declares it)"
    kind, _, rest = key.partition(":")
    rdtype, _, name = rest.partition(":")
    return f"the {rdtype} of {visible(name, 100)}" if kind == "dns" and name else visible(key, 100)


def _in_full(opinion: Opinion, style: Style) -> list[str]:
    judgement, indent = opinion.judgement, " " * _HEAD
    kind = _KINDS.get(opinion.kind, opinion.kind)
    about = kind if opinion.title.lower() == opinion.receiver else f"{opinion.title}, {kind}"
    lines = style.wrap(f"{opinion.receiver} ({visible(about, 100)})", indent, indent + "  ")
    for outcome in judgement.outcomes or (judgement,):
        lines += _outcome(outcome, style, indent + "  ", many=bool(judgement.outcomes))
    if judgement.depends:
        lines += style.wrap(f"{depends(judgement)}", indent + "  ")
    if judgement.waits_for:
        waits = ", ".join(waits_for(each) for each in judgement.waits_for)
        lines += style.wrap(f"waits for {waits}", indent + "  ", indent + "    ")
    return lines


def _outcome(judgement: Judgement, style: Style, indent: str, *, many: bool) -> list[str]:
    rule = judgement.rule
    word = f"{WORDS[judgement.verdict]}: " if many else ""
    lines = style.wrap(f"{word}{rule.id}: {visible(rule.words, 400)}", indent, indent + "  ")
    if judgement.reply:
        lines += style.wrap(f"reply: {visible(judgement.reply, 400)}", indent + "  ", indent + "    ")
    if judgement.symbols:
        listed = ", ".join(f"{visible(each.name, 60)} {each.points:.4g}" for each in judgement.symbols)
        lines += style.wrap(f"points: {judgement.score or 0:.4g} ({listed})", indent + "  ", indent + "    ")
    known = f"grade {rule.grade}, {rule.seen}: {visible(rule.source, 200)}"
    return lines + style.wrap(known, indent + "  ", indent + "    ")


def draw_many(audit: Audit, style: Style) -> list[str]:
    """Return which receivers mind how many addresses, the worst first."""
    counts: dict[tuple[str, Reception], list[Judgement]] = defaultdict(list)
    for subject in audit.subjects:
        for opinion in minding(subject):
            counts[opinion.receiver, opinion.judgement.verdict].append(opinion.judgement)
    if not counts:
        return []
    lines = ["", style.paint("Receivers that mind", "bold")]
    ordered = sorted(counts.items(), key=lambda item: (item[0][1].rank, -len(item[1]), item[0][0]))
    shown = ordered if style.look.verbosity > NORMAL else ordered[:SHOWN_IN_GROUPS]
    for (receiver, verdict), judgements in shown:
        word = style.paint(WORDS[verdict].ljust(_HEAD - 4), COLORS[verdict])
        number = f"{len(judgements):,} address{'es' if len(judgements) > 1 else ''}"
        lines.append(f"  {word}  " + cut(f"{receiver}: {number}", style.look.width - _HEAD))
    more = len(ordered) - len(shown)
    return [*lines, *([f"{' ' * _HEAD}... and {more} more (-v shows them)"] if more else [])]


def matrix(audit: Audit, style: Style) -> list[str]:
    """Return one row a receiver and one column an address: what each does with each."""
    subjects = [subject for subject in audit.subjects if subject.receivers]
    if not subjects:
        return []
    names = [opinion.receiver for opinion in subjects[0].receivers]
    first = max(len(name) for name in (*names, "receiver"))
    widths = [max(len(str(subject.facts.ip)), len("tempfail")) for subject in subjects]
    head = "  ".join(str(subject.facts.ip).ljust(width) for subject, width in zip(subjects, widths, strict=True))
    lines = [style.paint(f"{'receiver'.ljust(first)}  {head}", "bold")]
    for row, name in enumerate(names):
        cells = []
        for subject, width in zip(subjects, widths, strict=True):
            verdict = subject.receivers[row].judgement.verdict
            cells.append(style.paint(WORDS[verdict].ljust(width), COLORS[verdict]))
        lines.append(f"{name.ljust(first)}  {'  '.join(cells)}")
    return lines
