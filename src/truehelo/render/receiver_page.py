"""The page of a receiver, in Markdown: what it is, its rules with grade and source, its verdicts in the standard worlds.

Made from the declaration of the receiver alone, so that page and model cannot part. All text in it is ours.
"""

from truehelo.receivers.model import Configured, Receiver
from truehelo.receivers.selection import configured
from truehelo.receivers.worlds import standard_worlds
from truehelo.reception import Judgement
from truehelo.render.receivers import WORDS, depends

GRADES = {
    "S": "read in its own source, or proven by running it",
    "D": "its own published document or code table",
    "O": "replies that were seen, no published predicate",
    "U": "general knowledge, not verified",
}
KINDS = {"mta": "mail server", "filter": "filter", "bundle": "bundle", "provider": "mailbox provider or gateway"}
SEVERAL = {"mta": "Mail servers", "filter": "Filters", "bundle": "Bundles", "provider": "Mailbox providers and gateways"}


def page(receiver: Receiver) -> str:
    """Return the page of one receiver."""
    parts = [f"# {receiver.title}", f"`{receiver.id}`, {KINDS.get(receiver.kind, receiver.kind)}.", receiver.about.strip()]
    parts += [part for part in (_versions(receiver), _settings(receiver)) if part]
    parts += [_rules(receiver), _worlds(receiver)]
    return "\n\n".join(parts) + "\n"


def shown(receiver: Receiver) -> tuple[Configured, ...]:
    """Return the configurations that a check judges by itself."""
    return tuple(configured(text) for text in receiver.shown or (receiver.id,))


def _versions(receiver: Receiver) -> str:
    known = [version for version in receiver.versions if version]
    if not known:
        return ""
    return "Versions, newest first: " + ", ".join(f"`{receiver.id}@{version}`" for version in known) + "."


def _settings(receiver: Receiver) -> str:
    rows = [(f"+{name}", what) for name, what in receiver.settings.items()]
    rows += [
        (f"+{name}=...", f"accepted: {', '.join(values)}" if values else "a value of your own")
        for name, values in receiver.values.items()
    ]
    rows += [(f"+{name}", f"short for {', '.join(each)}") for name, each in receiver.presets.items()]
    if not rows:
        return ""
    lines = ["## Settings", "", "| setting | does |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {_cell(what)} |" for name, what in rows)])


def _rules(receiver: Receiver) -> str:
    lines = ["## Rules", "", "| rule | when | grade | seen | source |", "|---|---|---|---|---|"]
    lines += [
        f"| `{rule.id}` | {_cell(rule.words)} | {rule.grade} | {rule.seen} | {_cell(rule.source)} |"
        for rule in receiver.rules
    ]
    grades = dict.fromkeys(str(rule.grade) for rule in receiver.rules)
    told = "; ".join(f"{grade}: {GRADES[grade]}" for grade in sorted(grades))
    return "\n".join([*lines, "", f"Grades: {told}."])


def _worlds(receiver: Receiver) -> str:
    columns = shown(receiver)
    head = " | ".join(f"`{each.id}`" for each in columns)
    lines = ["## Verdicts in the standard worlds", "", f"| world | {head} |", f"|---|{'---|' * len(columns)}"]
    for name, client in standard_worlds().items():
        cells = " | ".join(_cell(outcome(each.judge(client))) for each in columns)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def outcome(judgement: Judgement) -> str:
    """Return a judgement in a few words: "tempfail 450 4.7.25", "at risk +3.5", "accept or tempfail 450 (record order)"."""
    if judgement.outcomes:
        each = dict.fromkeys(outcome(each) for each in judgement.outcomes)
        return f"{' or '.join(each)} ({depends(judgement)})"
    word = WORDS[judgement.verdict]
    if judgement.score:
        return f"{word} {judgement.score:+.4g}"
    code = " ".join(part for part in judgement.reply.split()[:2] if part[:1].isdigit())
    return f"{word} {code}" if code else word


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def index(receivers: dict[str, Receiver]) -> str:
    """Return the page that lists them all."""
    lines = [
        "# Receivers",
        "",
        "What truehelo knows of each receiver: by which rule it judges a client's names, how well that is known, and what",
        "it does in the standard worlds. `truehelo receivers` lists them; `--receivers` and `--profile` choose them.",
        "",
        "Grades: " + "; ".join(f"{grade}: {words}" for grade, words in GRADES.items()) + ".",
        "",
    ]
    for kind, title in SEVERAL.items():
        rows = [receiver for receiver in receivers.values() if receiver.kind == kind]
        lines += [f"## {title}", "", "| receiver | judged by itself | grades |", "|---|---|---|"]
        for receiver in rows:
            ids = ", ".join(f"`{each.id}`" for each in shown(receiver))
            grades = ", ".join(sorted({str(rule.grade) for rule in receiver.rules}))
            lines.append(f"| [{receiver.title}]({receiver.id}.md) | {ids} | {grades} |")
        lines.append("")
    return "\n".join(lines)
