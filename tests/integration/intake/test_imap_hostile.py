"""An IMAP server that means no good, or is broken: told in one sentence, within bounds of time and memory."""

import base64
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.intake.kept import Remembered
from truehelo.configuration.mailboxes import ImapSettings
from truehelo.intake import session, wire
from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.imap import ImapMailbox, printed, trusting
from truehelo.intake.item import IntakeError, Outcome

CONTEXT = trusting("")
GOOD = {
    "greeting": b"* OK ready\r\n",
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\nTAG OK done\r\n",
    "LOGIN": b"TAG OK in\r\n",
    "SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] fine\r\nTAG OK [READ-WRITE] done\r\n",
    "UID SEARCH": b"* SEARCH 1\r\nTAG OK done\r\n",
    "UID FETCH": b"* 1 FETCH (UID 1 RFC822.SIZE 5)\r\nTAG OK done\r\n",
    "BODY": b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\nTAG OK done\r\n",
    "UID STORE": b"TAG OK done\r\n",
    "LOGOUT": b"* BYE\r\nTAG OK done\r\n",
}


@dataclass
class Server:
    """Says to each command what it is told to, and then hangs up where it is told so."""

    says: dict[str, object]
    hang_up: bool = True
    heard: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            self._say(connection, "greeting", b"")
            if "greeting" in self.says:
                return
            tag = b""
            for line in lines:
                first, _, rest = line.strip().partition(b" ")
                self.lines.append(rest or first)
                tag = first if rest else tag  # else it goes on with a command, as it was asked to
                words = rest.decode("latin-1").upper().split() or ["+"]
                verb = " ".join(words[:2]) if words[:1] == ["UID"] else " ".join(words[:1])
                if any("BODY.PEEK[]" in word for word in words):
                    verb = "BODY"
                self.heard.append(verb)
                self._say(connection, verb, tag)
                if verb in self.says and self.hang_up:
                    return

    def _say(self, connection: socket.socket, verb: str, tag: bytes) -> None:
        said = self.says.get(verb, GOOD.get(verb, b"TAG BAD what\r\n"))
        for octets in [said] if isinstance(said, bytes) else said():  # type: ignore[operator]
            connection.sendall(octets.replace(b"TAG", tag))


@contextmanager
def serving(server: Server) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def accept() -> None:
            with suppress(OSError):
                while not ended.is_set():
                    server.serve(listening.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def mailbox(port: int, secret: str = "hunter2", **more: object) -> ImapMailbox:  # noqa: S107  (the tests' own)
    words = {"name": "x", "host": "127.0.0.1", "port": port, "tls": "none", "user": "u", "timeout_s": 0.5, **more}
    return ImapMailbox(ImapSettings(**words), lambda: secret, Remembered(), CONTEXT)  # type: ignore[arg-type]


def taken(box: ImapMailbox, outcome: Outcome = Outcome.STORED) -> list[bytes]:
    found = []
    bell = Bell()
    try:
        for item in box.items(bell):
            with item.open() as stream:
                found.append(stream.read())
            item.done(outcome)
    finally:
        bell.close()
    return found


def test_the_server_of_these_tests_can_be_read() -> None:
    server = Server({})
    with serving(server) as port:
        assert taken(mailbox(port)) == [b"hello"]
    after_login = server.heard[server.heard.index("LOGIN") + 1 :]
    assert after_login == ["CAPABILITY", "SELECT", "UID SEARCH", "UID FETCH", "BODY", "UID STORE", "LOGOUT"]


def endless() -> Iterator[bytes]:
    while True:
        yield b"* OK still here, and here, and here\r\n" * 1000


def dripping() -> Iterator[bytes]:
    while True:
        time.sleep(0.05)
        yield b"x"


def silent() -> Iterator[bytes]:
    time.sleep(1.5)
    yield b""


HUGE = b"9" * 4000


@pytest.mark.parametrize(
    ("verb", "says", "told"),
    [
        ("greeting", b"", "EOF"),
        ("greeting", b"220 mail.example.com ESMTP\r\n", "220 mail.example.com ESMTP"),
        ("greeting", b"* BYE overloaded\r\n", ""),
        ("greeting", b"\x1b[2J\r\n" * 3, ""),
        ("greeting", silent, "did not answer in 0.5 s"),
        ("greeting", dripping, "did not answer in 0.5 s"),
        ("greeting", lambda: iter([b"x" * 2**20] * 100), "sent more than it was asked for|a line of more than 256 KiB"),
        ("LOGIN", b"TAG NO wrong, and your password hunter2 too\r\n", r"your password \*\*\* too"),
        ("LOGIN", endless, "sent more than it was asked for"),
        ("LOGIN", b"OTHER OK in\r\n", "OTHER|unexpected"),
        ("CAPABILITY", b"* CAPABILITY\r\nTAG OK done\r\n", ""),
        ("SELECT", b"TAG NO there is none\r\n", "there is none"),
        ("SELECT", b"* OK [UIDVALIDITY x]\r\nTAG OK done\r\n", ""),
        ("SELECT", b"TAG OK [READ-WRITE]\r\n", "UIDVALIDITY"),
        ("UID SEARCH", b"* SEARCH 1 x 3\r\nTAG OK done\r\n", ""),
        ("UID SEARCH", b"* SEARCH " + b"1 " * 10**6 + b"\r\nTAG OK done\r\n", "a line of more than 256 KiB"),
        ("UID SEARCH", lambda: iter([b"* SEARCH " + b"7 " * 2**19] * 20), "a line of more than 256 KiB"),
        ("UID FETCH", b"* 1 FETCH (UID 1 RFC822.SIZE x)\r\nTAG OK done\r\n", ""),
        ("UID FETCH", b"* 1 FETCH ((((((((((((((\r\nTAG OK done\r\n", ""),
        ("UID FETCH", b"* 1 FETCH " + b"(" * 100_000 + b"\r\nTAG OK done\r\n", ""),
        ("UID FETCH", b"* 1 FETCH (UID 1 RFC822.SIZE {" + HUGE + b"}\r\n", "announced|digits"),
        ("BODY", b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", "announced 99,999,999,999 octets where"),
        ("BODY", b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 5000 + b"}\r\n", "digits|announced"),
        ("BODY", b"* 1 FETCH (UID 1 BODY[] {100}\r\nhello", "EOF|"),
        ("BODY", lambda: iter([b"* 1 FETCH (UID 1 BODY[] {8000000}\r\n", *[b"x" * 8_000_000 + b")\r\n"] * 9]), ""),
        ("BODY", b"TAG NO\r\n", ""),
        ("UID STORE", b"TAG NO read only\r\n", "read only"),
    ],
)  # fmt: skip
def test_what_a_hostile_server_says_is_told_in_one_sentence(verb: str, says: object, told: str) -> None:
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(Server({verb: says})) as port, pytest.raises(IntakeError) as caught:
        taken(mailbox(port))
    sentence = str(caught.value)
    assert re.search(told, sentence), sentence
    assert sentence.startswith("127.0.0.1:")
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert "hunter2" not in sentence
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    ("verb", "says", "found"),
    [
        ("UID SEARCH", b"* SEARCH\r\nTAG OK done\r\n", []),
        ("UID SEARCH", b"TAG OK done\r\n", []),
        ("UID SEARCH", b"* SEARCH 0 99999999999999999999\r\nTAG OK done\r\n", []),
        ("UID FETCH", b"TAG OK nothing any more\r\n", []),
        ("UID FETCH", b"* 1 FETCH (UID 9 RFC822.SIZE 5)\r\nTAG OK done\r\n", []),
        ("BODY", b"TAG OK it has gone\r\n", []),
        ("BODY", b"* 1 FETCH (BODY[] {5}\r\nhello UID 1)\r\nTAG OK done\r\n", [b"hello"]),
        ("BODY", b"* 3 EXISTS\r\n* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[] \"hello\")\r\nTAG OK done\r\n", [b"hello"]),
        ("BODY", b"* 2 FETCH (UID 2 BODY[] {1}\r\nx)\r\n* 1 FETCH (UID 1 BODY[] {1}\r\ny)\r\nTAG OK done\r\n", [b"y"]),
    ],
)  # fmt: skip
def test_what_is_odd_and_allowed_is_read(verb: str, says: bytes, found: list[bytes]) -> None:
    with serving(Server({verb: says}, hang_up=False)) as port:
        assert taken(mailbox(port)) == found


GIVEN, NOTHING, WITHOUT, VANISHED = (
    b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\nTAG OK done\r\n",
    b"* 1 FETCH (UID 1 BODY[] NIL)\r\nTAG OK done\r\n",
    b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nTAG OK done\r\n",
    b"TAG OK done\r\n",
)
REFUSED = "was asked for 3 times, and the server gave nothing of it"


@pytest.mark.parametrize(
    ("why", "says", "found", "asked", "place"),
    [
        ("a body that comes is read", [GIVEN], [b"hello"], 1, "7 1"),
        ("one that comes as NIL is asked for again", [NOTHING, GIVEN], [b"hello"], 2, "7 1"),
        ("and once more", [NOTHING, NOTHING, GIVEN], [b"hello"], 3, "7 1"),
        ("one that never comes is refused", [NOTHING] * 3, [REFUSED], 3, "7 1"),
        ("so is a message without a body", [WITHOUT] * 3, [REFUSED], 3, "7 1"),
        ("one that vanishes in between is not there", [NOTHING, VANISHED], [], 2, None),
        ("one that has vanished is not there", [VANISHED], [], 1, None),
    ],
)  # fmt: skip
def test_a_body_that_does_not_come_is_asked_for_again_and_never_passed_over_unsaid(
    monkeypatch: pytest.MonkeyPatch, why: str, says: list[bytes], found: list[bytes | str], asked: int, place: str | None
) -> None:
    monkeypatch.setattr(session, "AGAIN_S", 0.01)
    left = list(says)
    server, bell, told = Server({"BODY": lambda: [left.pop(0)]}, hang_up=False), Bell(), []
    with serving(server) as port:
        box = mailbox(port)
        for item in box.items(bell):
            try:
                with item.open() as stream:
                    told.append(stream.read())
                item.done(Outcome.STORED)
            except IntakeError as error:
                told.append(str(error))
                item.done(Outcome.REFUSED)
    bell.close()
    assert (told, server.heard.count("BODY")) == (found, asked), why
    assert box._memory.get("reports imap u@127.0.0.1 INBOX") == place


def test_a_server_that_understates_sizes_cannot_send_what_it_likes() -> None:
    says = b"* 1 FETCH (UID 1 BODY[] {70000}\r\n" + b"x" * 70_000 + b")\r\nTAG OK done\r\n"
    with serving(Server({"BODY": says}, hang_up=False)) as port, pytest.raises(IntakeError, match="is larger than 0 MiB"):
        taken(mailbox(port, max_octets=2**16))


def test_nothing_that_was_said_before_tls_is_taken_for_what_is_said_within_it() -> None:
    says = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done\r\n",
        "STARTTLS": b"TAG OK go on\r\n* OK injected\r\nT001 OK injected\r\n",
    }
    with serving(Server(says, hang_up=False)) as port, pytest.raises(IntakeError):
        taken(mailbox(port, tls="starttls"))


def test_a_server_without_starttls_gets_no_login() -> None:
    server = Server({})
    with serving(server) as port, pytest.raises(IntakeError, match="STARTTLS"):
        taken(mailbox(port, tls="starttls"))
    assert "LOGIN" not in server.heard


PLAIN = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=LOGIN AUTH=PLAIN\r\nTAG OK done\r\n",
    "AUTHENTICATE": b"+ \r\n",
    "+": b"TAG OK in\r\n",
}


@pytest.mark.parametrize(
    ("user", "secret"), [("u", "hunter2"), ("müller@example.com", "pässwort €"), ("a b", 'a"b\\c'), ("u" * 100, "\x7f")]
)
def test_a_login_is_said_in_plain_where_the_server_can(user: str, secret: str) -> None:
    server = Server(PLAIN, hang_up=False)
    with serving(server) as port:
        assert taken(mailbox(port, secret, user=user)) == [b"hello"]
    told = server.lines[server.lines.index(b"AUTHENTICATE PLAIN") + 1]
    assert base64.b64decode(told).decode() == f"\0{user}\0{secret}"
    assert "LOGIN" not in server.heard


def test_a_login_in_plain_that_is_refused_is_told_without_the_password() -> None:
    server = Server({**PLAIN, "+": b"TAG NO wrong, and your password p\xc3\xa4ss too\r\n"}, hang_up=False)
    with serving(server) as port, pytest.raises(IntakeError, match=r"password \*\*\* too"):
        taken(mailbox(port, "päss"))


@pytest.mark.parametrize(
    ("user", "secret", "said"),
    [
        ("u", "hunter2", b'LOGIN "u" "hunter2"'),
        ("dmarc reports", "x", b'LOGIN "dmarc reports" "x"'),
        ("EXAMPLE\\dmarc", 'a"b\\c', b'LOGIN "EXAMPLE\\\\dmarc" "a\\"b\\\\c"'),
        ("u (x) {3}", "", b'LOGIN "u (x) {3}" ""'),
    ],
)
def test_both_words_of_a_login_are_quoted(user: str, secret: str, said: bytes) -> None:
    server = Server({})
    with serving(server) as port:
        assert taken(mailbox(port, secret, user=user)) == [b"hello"]
    assert said in server.lines


@pytest.mark.parametrize("says", [{}, PLAIN], ids=["LOGIN", "PLAIN"])
@pytest.mark.parametrize(
    ("user", "secret"),
    [("u", "pässwort"), ("müller", "x"), ("u", "pass\0word"), ("u\r\nT9 LOGOUT", "x"), ("u", "pass\nword")],
)
def test_a_login_that_cannot_be_said_is_told_without_its_characters(
    says: dict[str, object], user: str, secret: str
) -> None:
    server = Server(says, hang_up=False)
    refused = "\0" in user + secret if says else True
    with serving(server) as port, pytest.raises(IntakeError) if refused else nullcontext() as caught:
        taken(mailbox(port, secret, user=user))
    if caught is not None:
        told = str(caught.value).partition(" ")[2]
        assert told.startswith("cannot be told the user or the password: there are characters in them that")
        assert not set(told) & set("äü\0\n")
        assert not {"LOGIN", "AUTHENTICATE"} & set(server.heard)


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(IntakeError, match=f"127.0.0.1:{port} .*Connection refused"):
        taken(mailbox(port))


def test_nothing_leaves_where_nothing_may() -> None:
    box = ImapMailbox(
        ImapSettings(name="x", host="imap.example.com", port=993, user="u"),
        lambda: "x",
        Remembered(),
        CONTEXT,
        loopback_only=True,
    )
    with pytest.raises(IntakeError, match=r"imap\.example\.com: is not contacted, since nothing may leave this machine"):
        taken(box)


def test_a_bell_ends_a_wait_for_an_answer() -> None:
    bell = Bell()
    threading.Timer(0.3, bell.ring).start()
    began = time.monotonic()
    with serving(Server({"LOGIN": silent})) as port, pytest.raises(Stopped):
        list(mailbox(port, timeout_s=60.0).items(bell))
    assert time.monotonic() - began < 30


@settings(max_examples=50)
@given(
    st.sampled_from(sorted(set(GOOD) - {"LOGOUT"})),
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [b"* ", b"TAG ", b"OK ", b"(", b")", b'"', b"{3}\r\nabc", b"{4}\r\n", b"\r\n", b"FETCH ", b"1 ", b"UID ",
                 b"BODY[] ", b"[", b"]", b"SEARCH ", b"NIL", b"+ ", b"\\", b"\x00", b"\xff", b"RFC822.SIZE "]
            ),
            max_size=30,
        ).map(b"".join),
    ),
)  # fmt: skip
def test_no_answer_makes_it_fall_over(verb: str, says: bytes) -> None:
    with serving(Server({verb: says})) as port, suppress(IntakeError):
        taken(mailbox(port, timeout_s=0.2))


def test_a_line_is_put_together_whatever_the_pieces() -> None:
    """The reading of the connection itself, over a pair of sockets."""
    ours, theirs = socket.socketpair()
    bell = Bell()
    with ours, theirs:
        bounded = wire._Bounded()
        bounded.begin(bell, 2.0)
        bounded.sock = ours
        for octets in (b"* O", b"K\r", b"\nabc", b"def* X\r\n"):
            theirs.sendall(octets)
        assert (bounded.readline(), bounded.read(6), bounded.readline()) == (b"* OK\r\n", b"abcdef", b"* X\r\n")
        theirs.sendall(b"end")
        theirs.shutdown(socket.SHUT_WR)
        assert (bounded.readline(), bounded.readline(), bounded.read(3)) == (b"end", b"", b"")
    bell.close()


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (("printf", "a token\nand more"), "a token"),
        (("true",), "true: printed nothing"),
        (("false",), "false: ended with exit code 1"),
        (("/nonexistent/program",), "/nonexistent/program: cannot be run"),
        (("echo", "$HOME; `id`"), "$HOME; `id`"),
    ],
)
def test_a_program_prints_the_secret(argv: tuple[str, ...], found: str) -> None:
    try:
        said = printed(argv)
    except IntakeError as error:
        said = str(error)
    assert said.startswith(found)
