"""Reading: the same inventory in every format, and the sentence, with its line, that each mistake gets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.inventory import read as reading_module
from truehelo.inventory.model import Line
from truehelo.inventory.read import FORMATS, Reading, read

TOML = """
# our servers
[defaults]
groups = ["eu"]
interval = "5m"

[[subject]]
target = "192.0.2.25"
expected = "Mail.Example.com."
helo = "mail.example.com"
domains = ["example.com"]
ports = [25, 587]
owner = "Ann"
note = \"\"\"first
[[subject]] is text
\"\"\"

[[ "pool" ]]  # bulk
network = "198.51.100.0/28"
name = "bulk"
expected = ["out-{d}.example.com"]
groups = ["eu", "bulk"]
ports = []

[[domain]]
name = "example.net"
discover = ["mx"]
vantage = "berlin"
"""
LINES = (
    Line(
        target="192.0.2.25",
        expected=("mail.example.com",),
        helo="mail.example.com",
        domains=("example.com",),
        groups=("eu",),
        owner="Ann",
        interval_s=300,
        ports=(25, 587),
        note="first\n[[subject]] is text",
    ),
    Line(
        target="198.51.100.0/28",
        expected=("out-{d}.example.com",),
        groups=("eu", "bulk"),
        interval_s=300,
        ports=(),
        pool="bulk",
    ),
    Line(target="domain:example.net", groups=("eu",), interval_s=300, discover=("mx",), vantage="berlin"),
)
JSON = json.dumps(
    {
        "defaults": {"groups": ["eu"], "interval": 300},
        "subject": [
            {
                "target": "192.0.2.25",
                "expected": ["mail.example.com"],
                "helo": "mail.example.com",
                "domains": "example.com",
                "ports": [25, 587],
                "owner": "Ann",
                "note": "first\n[[subject]] is text",
            }
        ],
        "pool": [
            {
                "network": "198.51.100.0/28",
                "name": "bulk",
                "expected": "out-{d}.example.com",
                "groups": ["eu", "bulk"],
                "ports": [],
            }
        ],
        "domain": [{"name": "example.net", "discover": "mx", "vantage": "berlin"}],
    }
)
CSV = (
    "Target,expected,helo,domains,groups,owner,ports,pool,interval,discover,vantage,note,\r\n"
    '192.0.2.25,mail.example.com,mail.example.com,example.com,eu,Ann,"25, 587",,5m,,,"first\r\n[[subject]] is text",\r\n'
    ",,,,,,,,,,,,\r\n"
    "198.51.100.0/28,out-{d}.example.com,,,eu bulk,,none,bulk,300,,,,\r\n"
    "domain:example.net,,,,eu,,,,5m,mx,berlin,,\r\n"
)
JSONL = "\n".join(
    [
        '{"target": "192.0.2.25", "expected": "mail.example.com", "helo": "mail.example.com", "domains": ["example.com"],'
        ' "groups": "eu", "owner": "Ann", "ports": [25, 587], "interval": "5m", "note": "first\\n[[subject]] is text"}',
        "",
        '{"target":"198.51.100.0/28","expected": "out-{d}.example.com", "groups": ["eu", "bulk"], "ports":[],"pool":"bulk",'
        ' "interval": 300}',
        '{"target": "domain:example.net", "groups": ["eu"], "discover": ["mx"], "vantage": "berlin", "interval": 300}',
    ]
)
TEXTS = {"toml": TOML, "csv": CSV, "json": JSON, "jsonl": JSONL}


def errors(text: str, format_name: str) -> list[str]:
    return [str(error) for error in read(text, "f", format_name).errors]


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_one_inventory_is_the_same_in_every_format(format_name: str, mark: str) -> None:
    assert read(mark + TEXTS[format_name], "f", format_name) == Reading(lines=LINES)


@pytest.mark.parametrize("format_name", FORMATS)
def test_line_ends_of_windows_change_nothing(format_name: str) -> None:
    text = TEXTS[format_name].replace("\r\n", "\n").replace("\n", "\r\n")
    assert read(text, "f", format_name).lines == LINES


@pytest.mark.parametrize("format_name", ["toml", "csv", "jsonl"])
def test_an_empty_file_is_an_empty_inventory(format_name: str) -> None:
    assert read("", "f", format_name) == Reading()


def test_a_list_of_objects_is_an_inventory_too() -> None:
    assert read('[{"target": "192.0.2.1"}, {"target": "host:mx.example"}]', "f", "json").lines == (
        Line(target="192.0.2.1"),
        Line(target="host:mx.example"),
    )


# One broken line: named, and the rest loads.

GOOD = {
    "toml": '[[subject]]\ntarget = "192.0.2.1"\n[[subject]]\n{}\n[[subject]]\ntarget = "192.0.2.2"\n',
    "json": '{{"subject": [\n{{"target": "192.0.2.1"}},\n{}\n,{{"target": "192.0.2.2"}}]}}',
    "jsonl": '{{"target": "192.0.2.1"}}\n\n{}\n{{"target": "192.0.2.2"}}\n',
    "csv": "target,{}\n192.0.2.1,\n{}\n192.0.2.2,\n",
}
ROWS = [
    ("target", "192.0.2.3/24", "192.0.2.3/24: has bits set behind its prefix; write 192.0.2.0/24"),
    ("target", "192.0.2.0/33", "192.0.2.0/33: is not a network in CIDR form"),
    ("target", "192.0.2.x", "192.0.2.x: may be a host or a domain; write host:192.0.2.x or domain:192.0.2.x"),
    (
        "target",
        "mail.example.com",
        "mail.example.com: may be a host or a domain; write host:mail.example.com or domain:mail",
    ),
    ("target", "host:mail", "mail: is a single label"),
    ("target", "a@example.com", "a@example.com: looks like a mail address; give domain:example.com"),
    ("target", "192.0.2.9=mx.example", "192.0.2.9=mx.example: holds an equals sign; give the address as target"),
    (
        "target",
        "10.0.0.1",
        "10.0.0.1: is private, so that nobody outside can judge it; give the address that receivers see",
    ),
    ("target", "127.0.0.0/30", "127.0.0.0/30: is loopback"),
    ("target", "2001:db8::/64", "2001:db8::/64: holds more than 1,000,000 addresses; give smaller networks"),
    ("target", "198.48.0.0/15", "198.48.0.0/15: holds 131,072 addresses; more than 65,536 need --yes"),
    ("target", "", "an empty target: names nothing to watch"),
    ("target", "192.0.2.1", "192.0.2.1: is named again; line {first} already names it"),
    ("expected", "mail_1.example", "expected mail_1.example: as a name holds an underscore"),
    ("expected", "out-{d}.example", "expected out-{d}.example: has braces; only a network has names by a pattern"),
    ("domains", "localhost", "localhost: is a single label"),
    ("groups", "a;b", None),
    ("groups", "=x", "groups '=x': is not one word"),
    ("vantage", "two words", "vantage 'two words': is not one word"),
    ("owner", "a\x07b", "owner: holds a control character (a\\x07b)"),
    ("owner", "x" * 201, "owner: has 201 characters; 200 are the most"),
    ("helo", "x" * 513, "helo: has 513 characters"),
    ("interval", "soon", 'interval soon: is no time between checks; give seconds, or "5m"'),
    ("interval", "9s", "interval 9s: is no time between checks"),
    ("ports", "smtp", "ports smtp: is no port; give numbers such as [25], or [] for no SMTP"),
    ("ports", "0", "ports 0: is no port"),
    ("discover", "mx", "discover: is given for 192.0.2.3; only a domain leads to further addresses"),
]


@pytest.mark.parametrize(("key", "value", "says"), [row for row in ROWS if row[2]])
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_broken_line_is_named_and_the_rest_loads(format_name: str, key: str, value: str, says: str) -> None:
    values: dict[str, object] = {"target": "192.0.2.3", key: value}
    if format_name == "toml":
        text = GOOD["toml"].format("\n".join(f"{name} = {json.dumps(each)}" for name, each in values.items()))
        line, first = 3, 1
    elif format_name == "csv":
        column, row = ("note", f"{value},") if key == "target" else (key, f"192.0.2.3,{value}")
        text = GOOD["csv"].format(column, row if value else f"{row}x")
        line, first = 3, 2
    else:
        text = GOOD[format_name].format(json.dumps(values))
        line, first = 3, 2 if format_name == "json" else 1
    reading = read(text, "f", format_name)
    assert [line.target for line in reading.lines] == ["192.0.2.1", "192.0.2.2"]
    assert reading.loaded
    [error] = reading.errors
    assert error.line == line
    assert str(error).startswith(f"f:{line}: " + says.replace("{first}", str(first)))


@pytest.mark.parametrize(
    ("text", "format_name", "says"),
    [
        ('[[subject]]\ntarget = "192.0.2.1"\nexpcted = "a.example"', "toml", "f:1: expcted: is no key that is known;"),
        ("\n[[subject]]\nowner = 'x'", "toml", "f:2: target: is missing; each line names an address"),
        ('[[pool]]\ntarget = "192.0.2.0/30"', "toml", "f:1: target: is network in [[pool]]; write network"),
        ("[[subject]]\ntarget = 5", "toml", "f:1: target: is a number; give it as text"),
        ("[[subject]]\ntarget = ['192.0.2.1']", "toml", "f:1: target: is a list; give it as text"),
        ("[[subject]]\ntarget = 2021-01-01", "toml", "f:1: target: is a date or time; give it as text"),
        ("[[subject]]\ntarget = '192.0.2.1'\nnote = true", "toml", "f:1: note: is true or false; give it as text, of at"),
        ("[[subject]]\ntarget = '192.0.2.1'\ninterval = 1.5", "toml", "f:1: interval 1.5: is no time"),
        ("[[subject]]\ntarget = '192.0.2.1'\ninterval = true", "toml", "f:1: interval True: is no time"),
        ("[[subject]]\ntarget = '192.0.2.1'\nports = [true]", "toml", "f:1: ports True: is no port"),
        ("[[subject]]\ntarget = '192.0.2.1'\nports = [1,2,3,4,5,6,7,8,9]", "toml", "f:1: ports: has 9 items; 8 are the"),
        ("[[subject]]\ntarget = '192.0.2.1'\nexpected = ['a.example', '']", "toml", "f:1: expected: has an empty item"),
        ("[[domain]]\nname = 'example.com'\ndiscover = ['a']", "toml", "f:1: discover 'a': is not known; accepted are mx"),
        ("[[domain]]\nname = 'localhost'", "toml", "f:1: localhost: is a single label"),
        ("a = 1", "toml", "f: a: is no key that is known; accepted are defaults, subject, pool, domain"),
        ("subjects = []", "toml", "f: subjects: is no key that is known; subject may be meant"),
        ("[subject]\ntarget = 'x'", "toml", "f: subject is no list of tables; give [[subject]], with two brackets"),
        ("subject = [1]", "toml", "f: the line: is no table"),
        ("defaults = 1", "toml", "f: defaults is no table"),
        ("[defaults]\ninterval = 'x'\n[[subject]]\ntarget = 'x'", "toml", "f: defaults: interval x: is no time"),
        ("[defaults]\ntarget = 'x'", "toml", "f: target: is no key that is known"),
        ("[[subject]]\ntarget = 192.0.2.1", "toml", "f:2: is not TOML: "),
        ("[[subject]]\ntarget = 'x", "toml", "f:2: is not TOML: "),
        ("x = " + "[" * 10_000, "toml", "f: is nested too deeply"),
        ("x = " + "1" * 5_000, "toml", "f: is not TOML: "),
        ('{"subject": [\n{"target": "192.0.2.1",}]}', "json", "f:2: is not JSON: "),
        ("[" * 100_000, "json", "f: is nested too deeply"),
        ('{"subject": 5}', "json", "f: subject is no list of tables"),
        ("5", "json", "f: holds no inventory"),
        ("", "json", "f:1: is not JSON: "),
        ('{"subject": [], "subject": []}', "json", "f: subject stands twice; make one of the two"),
        ('[\n{"target": "192.0.2.1", "target": "192.0.2.2"}]', "json", "f:2: target: stands twice; make one of the two"),
        ('[{"target": "192.0.2.1", "interval": NaN}]', "json", "f: is not JSON: NaN is no JSON"),
        ('{"target"}', "jsonl", "f:1: the line: is not JSON: "),
        ('\n"x"', "jsonl", "f:2: the line: is no table"),
        ('{"target": "192.0.2.1", "note": "\\ud800"}', "jsonl", "f:1: note: holds a control character (\\ud800)"),
        ("target,targt\n", "csv", "f:1: column targt: is no key that is known; target may be meant"),
        ("target,note,note\n", "csv", "f:1: column note stands twice"),
        ("owner,note\n", "csv", "f:1: has no column target"),
        ('target,"owner\n', "csv", "f:1: the row: is not CSV (unexpected end of data)"),
        ("target,owner\n192.0.2.1,a,b", "csv", "f:2: the row: has 3 cells, and there are 2 columns; put a cell with a"),
        ('target,owner\n192.0.2.1,"a"b', "csv", "f:2: the row: is not CSV (',' expected after '\"')"),
        ("target,owner\n192.0.2.1,M\udcfcller", "csv", "f:2: owner: holds octets that are not UTF-8; save the file as"),
        ("target,owner\n192.0.2.1," + "x" * 140_000, "csv", "f:2: the row: is not CSV (field larger than field limit"),
    ],
)  # fmt: skip  (one row, one mistake)
def test_what_is_wrong_is_told_with_its_line(text: str, format_name: str, says: str) -> None:
    [error] = errors(text, format_name)
    assert error.startswith(says)


def test_a_file_that_is_broken_as_a_whole_loads_nothing() -> None:
    reading = read('[[subject]]\ntarget = "192.0.2.1"\n[[subject]]\ntarget = \n', "f", "toml")
    assert (reading.lines, reading.loaded, len(reading.errors)) == ((), False, 1)


def test_a_quote_that_is_never_closed_breaks_its_own_line_alone() -> None:
    rows = "".join(f"198.51.100.{number},x\n" for number in range(200))
    reading = read(f'target,owner\n192.0.2.1,"open\n{rows}', "f", "csv")
    assert [str(error)[:40] for error in reading.errors] == ["f:2: the row: is not CSV (unexpected end"]
    assert len(reading.lines) == 200


def test_the_lines_of_tables_are_found_between_strings_comments_and_lists() -> None:
    text = """
subject = [
  {target = "192.0.2.1", note = "{ [[subject]] }"}, # {
  {target = "x", ports = [
     1,
  ]},
  {target = "y"},
]
"""
    assert [error.line for error in read(text, "f", "toml").errors] == [4, 7]
    text = "[[subject]]\ntarget='192.0.2.1'\nnote='''\n[[subject]]\n'''\n"
    text += "domains=[\n'[[subject]]', #\n]\n  [[ 'subject' ]]\ntarget='x'"
    assert [error.line for error in read(text, "f", "toml").errors] == [1, 9]


def test_where_no_line_can_be_told_none_is_invented() -> None:
    text = '[["\\u0073ubject"]]\ntarget = "x"\n'
    assert errors(text, "toml")[0].startswith("f: x: is neither an address nor a network")


def test_a_file_too_large_and_a_list_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MAX_LINES", 3)
    rows = "".join(f"192.0.2.{number}\n" for number in range(4))
    assert errors(f"target\n{rows}", "csv") == ["f: has more than 3 lines; split it"]
    assert errors("[" + ",".join(['{"target": "192.0.2.1"}'] * 4) + "]", "json") == ["f: has more than 3 lines; split it"]
    monkeypatch.setattr(reading_module, "MAX_BYTES", 2**20)
    assert errors("x" * (2**20 + 1), "csv") == ["f: is larger than 1 MiB; split it"]


def test_a_large_network_is_taken_when_it_is_meant() -> None:
    assert read('[[pool]]\nnetwork = "198.48.0.0/15"', "f", "toml", yes=True).lines == (Line(target="198.48.0.0/15"),)


@pytest.mark.parametrize("format_name", FORMATS)
@given(
    text=st.text(alphabet=st.sampled_from("[]{}=\"',;:#\\\n\r\t subjectarg192.0/x\udc80") | st.characters(), max_size=200)
)
def test_nothing_that_a_file_may_hold_raises(format_name: str, text: str) -> None:
    reading = read(text, "f", format_name)
    assert all(str(error).startswith("f") for error in reading.errors)


@given(st.data())
def test_a_good_file_with_one_character_changed_never_raises(data: st.DataObject) -> None:
    format_name = data.draw(st.sampled_from(FORMATS))
    text = TEXTS[format_name]
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from("\"'[]{},=\n\\x") | st.characters()) + text[at + 1 :]
    reading = read(changed, "f", format_name)
    assert len(reading.lines) + len(reading.errors) > 0
