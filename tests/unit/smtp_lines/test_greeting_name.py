"""Which word of a greeting or of an EHLO reply is the server's name, and what it then looks like."""

import pytest

from truehelo.facts.smtp import GreetingForm, Reply, ehlo_reply_name, greeting_name

NAMED, NOT_FQDN, NO_NAME, MASKED = GreetingForm.NAMED, GreetingForm.NOT_FQDN, GreetingForm.NO_NAME, GreetingForm.MASKED
GREETINGS = [
    ("mail.example.com ESMTP Postfix", NAMED, "mail.example.com"),
    ("mail.example.com", NAMED, "mail.example.com"),
    ("MAIL.Example.COM. ESMTP", NAMED, "MAIL.Example.COM."),
    ("mail.example.com Microsoft ESMTP MAIL Service ready", NAMED, "mail.example.com"),
    ("[192.0.2.25] ESMTP", NAMED, "[192.0.2.25]"),
    ("[IPv6:2001:db8::25] ready", NAMED, "[IPv6:2001:db8::25]"),
    ("mail ESMTP", NOT_FQDN, "mail"),
    ("mail smtp ready", NOT_FQDN, "mail"),
    ("localhost. ESMTP", NOT_FQDN, "localhost."),
    ("mail_1.example.com ESMTP", NOT_FQDN, "mail_1.example.com"),
    # With a dot in it the word is meant as a name, whatever follows it.
    ("mail_1.example.com Microsoft ESMTP MAIL Service ready", NOT_FQDN, "mail_1.example.com"),
    ("192.0.2.25 ready", NOT_FQDN, "192.0.2.25"),
    ("mail.b\u00fccher.example ready", NOT_FQDN, "mail.b\u00fccher.example"),
    ("mail ready", NO_NAME, None),
    ("mail. ready", NO_NAME, None),
    ("ESMTP ready", NO_NAME, None),
    ("SMTP", NO_NAME, None),
    ("", NO_NAME, None),
    ("Welcome. Please wait", NO_NAME, None),
    ("... ready", NO_NAME, None),
    ("v2.0 ready", NO_NAME, None),
    ("*", NO_NAME, None),
    ("*" * 20, MASKED, None),
    ("****220**20****0", MASKED, None),
    ("****** ESMTP", MASKED, None),
    ("******* ready", MASKED, None),
]


@pytest.mark.parametrize(("text", "form", "name"), GREETINGS, ids=[repr(row[0]) for row in GREETINGS])
def test_the_first_word_of_the_greeting_is_read_as(text: str, form: GreetingForm, name: str | None) -> None:
    found = greeting_name(Reply(code=220, lines=(text,)))
    assert (found.form, found.name) == (form, name)


def test_only_the_last_line_of_the_greeting_counts() -> None:
    assert greeting_name(Reply(code=220, lines=("teaser.example.com ESMTP", "mail ESMTP"))).name == "mail"
    assert greeting_name(Reply(code=220, lines=("mail.example.com ESMTP", ""))).form is NO_NAME


@pytest.mark.parametrize(
    ("code", "text", "name"),
    [
        (250, "mail.example.com Hello probe.example [192.0.2.1]", "mail.example.com"),
        (250, "mail", "mail"),
        (250, "", None),
        (250, "************", None),
        (500, "mail.example.com says no", None),
    ],
)
def test_the_name_in_the_reply_to_ehlo_is_its_first_word_unless_it_was_overwritten(
    code: int, text: str, name: str | None
) -> None:
    assert ehlo_reply_name(Reply(code=code, lines=(text,))) == name
