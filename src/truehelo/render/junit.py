"""JUnit XML for CI: a test suite for each address, a test case for each finding.

A missing fact is `skipped`: a `failure` would say that the names are wrong, which nobody has seen. Characters that XML 1.0
§2.2 forbids are made visible.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from datetime import UTC

from truehelo.facts.text import visible
from truehelo.findings import Audit, Finding, SubjectAudit, Unresolved, Verdict
from truehelo.render.exitcode import failing
from truehelo.render.look import Look
from truehelo.render.words import verdict_words

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(audit: Audit, look: Look) -> str:
    """Return the audit as a JUnit document."""
    root = ET.Element("testsuites", name="truehelo", time=f"{audit.elapsed_s:.3f}")
    stamp = audit.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for subject in audit.subjects:
        add_suite(root, str(subject.facts.ip), stamp, _cases(subject, look))
    for unresolved in audit.unresolved:
        add_suite(root, unresolved.asked, stamp, [_unresolved(unresolved, look)])
    return finished(root)


def finished(root: ET.Element) -> str:
    """Return the document with the counts of all its suites."""
    for word in ("tests", "failures", "errors", "skipped"):
        root.set(word, str(sum(int(suite.get(word, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def legal(text: str) -> str:
    """Return text that XML can hold and a terminal can show."""
    return _ILLEGAL.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(text))


def add_suite(root: ET.Element, name: str, stamp: str, cases: list[ET.Element]) -> None:
    """Add a suite with its counts."""
    suite = ET.SubElement(root, "testsuite", name=legal(name), timestamp=stamp, time="0")
    counts = Counter(child.tag for case in cases for child in case)
    suite.set("tests", str(len(cases)))
    for word, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(word, str(counts[tag]))
    for case in cases:
        case.set("classname", f"truehelo.{legal(name)}")
        suite.append(case)


def _cases(subject: SubjectAudit, look: Look) -> list[ET.Element]:
    """One case for the verdict, one for each finding; a tag that is found twice is numbered."""
    verdict = ET.Element("testcase", name="verdict", time="0")
    if subject.verdict is Verdict.UNDETERMINED:
        ET.SubElement(verdict, "skipped", message=legal(verdict_words(subject)))
    else:
        ET.SubElement(verdict, "system-out").text = legal(f"{subject.verdict}: {verdict_words(subject)}")
    return [verdict, *finding_cases(subject.findings, look)]


def finding_cases(findings: Iterable[Finding], look: Look) -> list[ET.Element]:
    """Return one case for each finding."""
    seen: Counter[str] = Counter()
    cases = []
    for finding in findings:
        seen[finding.tag.name] += 1
        number = seen[finding.tag.name]
        cases.append(_case(finding, finding.tag.name + (f" ({number})" if number > 1 else ""), look))
    return cases


def _case(finding: Finding, name: str, look: Look) -> ET.Element:
    case = ET.Element("testcase", name=name, time="0")
    message = legal(finding.message)
    if finding.tag.undetermined:
        ET.SubElement(case, "skipped", message=message)
    elif failing(finding, look.fail_on):
        failure = ET.SubElement(case, "failure", message=message, type=str(finding.severity))
        failure.text = "\n".join([message, *finding.tag.cites, f"truehelo explain {finding.tag.name}"])
    else:
        ET.SubElement(case, "system-out").text = f"{finding.severity}: {message}"
    return case


def _unresolved(unresolved: Unresolved, look: Look) -> ET.Element:
    case = ET.Element("testcase", name="address", time="0")
    detail = legal(unresolved.detail)
    if unresolved.undetermined:
        ET.SubElement(case, "skipped", message=detail)
    elif look.fail_on is not None:
        ET.SubElement(case, "failure", message=detail, type="error")
    else:
        ET.SubElement(case, "system-out").text = detail
    return case
