"""DKIM selectors that many senders use, to be tried where nobody names any: the DNS has no list of them (RFC 6376 §3.1).

Each with the services that have their customers publish it, and what that is known by. That none of them exists says
nothing about a domain: selectors are free, and many services make them of dates or random letters.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSelector:
    """A selector, who has it published, and the source: a page, or where the name leads in zones that are public."""

    selector: str
    service: str
    source: str


_LISTS = "help.sendmarc.com, Commonly used DKIM selectors"
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("google", "Google Workspace", "support.google.com/a/answer/174124"),
    ("selector1 selector2", "Microsoft 365", "learn.microsoft.com, Set up DKIM; CNAME to onmicrosoft.com"),
    ("default", "cPanel, Plesk, OpenDKIM", "docs.cpanel.net, Email Deliverability; opendkim-genkey(8)"),
    (
        "dkim",
        "mailcow, Mailu, rspamd, SimpleLogin, Hetzner",
        "rspamd.com, dkim_signing; CNAME to simplelogin.co; " + _LISTS,
    ),
    ("mail", "Mail-in-a-Box, docker-mailserver, Brevo, Yandex", "docker-mailserver.github.io, DKIM"),
    ("x", "DirectAdmin, MXroute", "docs.directadmin.com, DKIM; public zones beside include:mxlogin.com"),
    ("s1 s2", "SendGrid, Tuta", "twilio.com/docs/sendgrid, DKIM; CNAME to tutanota.de"),
    ("smtpapi", "SendGrid (older)", "twilio.com/docs/sendgrid, DKIM"),
    ("k1", "Mailchimp (older), Mailgun", _LISTS),
    ("k2 k3", "Mailchimp", "mailchimp.com/help, Set up email domain authentication"),
    ("mte1 mte2", "Mailchimp Transactional", "CNAME to dkim1.mandrillapp.com"),
    ("mandrill", "Mailchimp Transactional (older)", "mailchimp.com/developer, Authentication and delivery"),
    ("fm1 fm2 fm3", "Fastmail", "fastmail.help/hc/en-us/articles/360060591153"),
    ("protonmail protonmail2 protonmail3", "Proton Mail", "proton.me/support, Custom domain; CNAME to domains.proton.ch"),
    ("zoho zmail", "Zoho Mail", "zoho.com/mail/help/adminconsole, DKIM; public zones beside include:zoho.com"),
    ("sig1", "iCloud Mail", "CNAME to at.icloudmailadmin.com"),
    ("s1024 s2048", "Yahoo", "dkim-studio.pages.dev, DKIM selectors explained"),
    ("mailjet", "Mailjet", "documentation.mailjet.com, SPF and DKIM; public zones beside include:spf.mailjet.com"),
    ("mailo smtp mx pic krs email", "Mailgun", "public zones beside include:mailgun.org"),
    ("brevo1 brevo2", "Brevo", "CNAME to dkim.brevo.com"),
    ("resend", "Resend", "resend.com/docs, Domains"),
    ("kl kl2", "Klaviyo", "help.klaviyo.com, Branded sending domain; CNAME to sendgrid.net"),
    ("cm", "Campaign Monitor", "help.campaignmonitor.com, Authenticate your domain"),
    ("ctct1 ctct2", "Constant Contact", "CNAME to dkim1.ccsend.com"),
    ("acdkim1 acdkim2", "ActiveCampaign", "CNAME to acems1.com"),
    ("aweber_key_a aweber_key_b aweber_key_c", "AWeber", "CNAME to send.aweber.com"),
    ("litesrv", "MailerLite", "CNAME to mlsend.com"),
    ("intercom", "Intercom", "intercom.com/help, Configure DKIM"),
    ("zendesk1 zendesk2", "Zendesk", "CNAME to zendesk.com"),
    ("everlytickey1 everlytickey2", "Everlytic", _LISTS),
    ("mxvault", "Global Micro", _LISTS),
    ("key1 key2 key3", "Migadu", "CNAME to migadu.com"),
    ("mbo0001 mbo0002 mbo0003 mbo0004", "mailbox.org", "CNAME to mailbox.org"),
    ("gm1 gm2 gm3", "Gandi", "CNAME to gandimail.net"),
    ("s1-ionos s2-ionos s42582890", "IONOS", "CNAME to dkim.ionos.com"),
    ("hostingermail-a hostingermail-b hostingermail-c", "Hostinger", "CNAME to dkim.mail.hostinger.com"),
    ("titan1", "Titan", "public zones beside include:spf.titan.email"),
    ("mailru", "VK WorkSpace (mail.ru)", "public zones beside redirect=_spf.mail.ru"),
    ("cf2024-1", "Cloudflare Email Routing", "developers.cloudflare.com/email-routing, DNS records"),
    ("dkim02 dkim03", "SimpleLogin", "CNAME to simplelogin.co"),
    ("dkimprovmx1 dkimprovmx2", "ImprovMX", "improvmx.com/guides/adding-dkim-records"),
    ("dkim1 dkim2", "own set-ups", "a habit, as in the examples of RFC 6376 §A"),
)

KNOWN_SELECTORS: tuple[KnownSelector, ...] = tuple(
    KnownSelector(selector=selector, service=service, source=source)
    for selectors, service, source in _ROWS
    for selector in selectors.split()
)
"""The most frequent ones first."""


def services_of(selector: str) -> str:
    """Return who is known to have a selector published; "" where nobody is. It is a hint: selectors are free."""
    return next((known.service for known in KNOWN_SELECTORS if known.selector == selector.lower()), "")
