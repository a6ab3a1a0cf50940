"""Does every message arrive as one readable file, and does a failure to send mean what it is?"""

import smtplib
from email import message_from_bytes, policy

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors import letter, mail, mailbox, sms
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.message import Outgoing

MAIL = Outgoing("018f-7a", "rosalind@example.org", "Your request KT-1", "Grüße\nWe have it.\n", language="es")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.KEYTURN_MAILBOX = str(tmp_path / "mailbox")
    settings.KEYTURN_SMS = settings.KEYTURN_LETTERS = "mailbox"
    settings.EMAIL_BACKEND = "keyturn.connectors.mail.mailbox.EmailBackend"
    return tmp_path / "mailbox"


def read(path):
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_a_mail_is_one_file_named_by_its_id(folder):
    mail.send(MAIL)
    (path,) = folder.iterdir()
    assert path.name == "018f-7a.eml"
    found = read(path)
    assert (found["To"], found["Subject"], found["Content-Language"]) == (MAIL.to, MAIL.subject, "es")
    assert found["Message-ID"].startswith("<018f-7a@")
    assert found.get_content() == MAIL.text


def test_a_mail_sent_twice_is_still_one_file(folder):
    mail.send(MAIL)
    mail.send(MAIL)
    assert len(list(folder.iterdir())) == 1


def test_a_mail_may_have_a_formatted_part(folder):
    mail.send(Outgoing("2", "a@example.org", "Hello", "plain", html="<p>formatted</p>"))
    found = read(folder / "2.eml")
    assert found.get_body(("plain",)).get_content().strip() == "plain"
    assert found.get_body(("html",)).get_content().strip() == "<p>formatted</p>"


def test_mails_of_other_packages_land_there_too(folder):
    django_mail.send_mail("Sign-in code", "123", None, ["a@example.org"])
    django_mail.send_mail("Sign-in code", "456", None, ["a@example.org"])
    assert len(list(folder.glob("*.eml"))) == 2


def test_a_subject_on_two_lines_is_one_line(folder):
    mail.send(Outgoing("3", "a@example.org", "One\r\nBcc: everyone@example.org", "x"))
    found = read(folder / "3.eml")
    assert found["Bcc"] is None
    assert found["Subject"] == "One Bcc: everyone@example.org"


def test_a_recipient_that_smuggles_a_header_is_rejected(folder):
    with pytest.raises(Rejected) as no:
        mail.send(Outgoing("4", "a@example.org\nBcc: b@example.org", "x", "x"))
    assert "example.org" not in str(no.value)


@pytest.mark.parametrize(
    ("problem", "meaning"),
    [
        (ConnectionRefusedError(), Unavailable),
        (smtplib.SMTPConnectError(421, b"busy"), Unavailable),
        (smtplib.SMTPAuthenticationError(535, b"no"), Unavailable),
        (smtplib.SMTPServerDisconnected(), InDoubt),
        (TimeoutError(), InDoubt),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no such user a@example.org")}), Rejected),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (451, b"greylisted")}), Unavailable),
        (smtplib.SMTPDataError(554, b"spam"), Rejected),
        (smtplib.SMTPDataError(452, b"full"), Unavailable),
    ],
)
def test_a_failure_of_the_mail_server_means(monkeypatch, problem, meaning):
    def fail(*args, **kwargs):
        raise problem

    monkeypatch.setattr("keyturn.connectors.mail.mailbox.EmailBackend.send_messages", fail)
    with pytest.raises(meaning) as told:
        mail.send(MAIL)
    assert "example.org" not in str(told.value)


def test_a_text_message_is_one_readable_file(folder):
    sms.send(Outgoing("5", "+12025550143", "", "Your code is 123456."))
    assert "To: +12025550143" in (folder / "5.sms.txt").read_text()
    assert (folder / "5.sms.txt").read_text().endswith("\nYour code is 123456.")


def test_a_letter_is_a_file_to_read_and_one_to_print(folder):
    letter.send(Outgoing("6", "Ada <Lind>\n7 Hill Road", "Your request", "Dear Ada,\nwelcome.", language="es"))
    assert (folder / "6.letter.txt").read_text().startswith("Ada <Lind>\n7 Hill Road\n")
    page = (folder / "6.letter.html").read_text()
    assert '<html lang="es">' in page
    assert "Ada &lt;Lind&gt;" in page
    assert "<Lind>" not in page


@pytest.mark.parametrize(("send", "setting"), [(sms.send, "KEYTURN_SMS"), (letter.send, "KEYTURN_LETTERS")])
def test_a_channel_that_is_off_says_so_instead_of_losing_the_message(settings, send, setting):
    setattr(settings, setting, "off")
    with pytest.raises(Rejected, match="off"):
        send(MAIL)


def test_a_sender_of_ones_own_is_named_with_its_dots(settings):
    settings.KEYTURN_SMS = f"{__name__}.by_pigeon"
    with pytest.raises(Unavailable, match="no_pigeon"):
        sms.send(MAIL)
    settings.KEYTURN_SMS = "pigeon"
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_SMS"):
        sms.send(MAIL)


def by_pigeon(message):
    raise Unavailable("no_pigeon")


@pytest.mark.parametrize("ident", ["../../etc/passwd", "..", ".", "", "a/b", "nul\x00", "x" * 500, "ü", "<a b>"])
def test_no_message_id_leads_out_of_the_folder(folder, ident):
    path = mailbox.put(ident, ".eml", b"")
    assert path.parent == folder
    assert path.name.endswith(".eml")
    assert not path.name.startswith(".")


def test_two_ids_that_clean_alike_stay_two_files(folder):
    assert mailbox.file_name("a/b") != mailbox.file_name("a:b")


def test_without_a_folder_the_mailbox_is_a_wrong_setting(settings):
    settings.KEYTURN_MAILBOX = ""
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_MAILBOX"):
        mailbox.put("1", ".eml", b"")


def test_what_is_shown_of_a_message_holds_nothing_personal():
    assert "rosalind" not in repr(MAIL)
    assert "We have it" not in repr(MAIL)
