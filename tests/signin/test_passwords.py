"""Which passwords may somebody choose, and what are they told about those that they may not?"""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError

from keyturn.signin.passwords import is_breached
from tests.signin.visitor import Visitor

ANA = get_user_model()(username="c-1234", email="ana.zelenko@mailhouse.example")

GOOD = [
    "correct horse battery staple",
    "four words beside a river",
    "ñandú øre 漢字 kältere Tage",
    "aaaa bbbb cccc dddd eeee ffff",
    "x7$kQ2!pLm9&",
    "nodigitsnocapitalsnosigns plumage",
    "o" * 50 + "the end of a very long one that a manager made " + "p9" * 14,
    "   spaces around and inside   ",
]
BAD = {
    "short": "Use 12 characters",
    "elevenchars": "Use 12 characters",
    "x" * 300: "Use at most 256",
    "password1234": "",
    "123456789012": "",
    "qwertyuiop123": "easy to guess",
    "iloveyou2026!": "easy to guess",
    "dragondragon": "easy to guess",
    "aaaaaaaaaaaaaa": "easy to guess",
    "ana.zelenko.1985": "Do not build",
    "zelenko-zelenko": "Do not build",
    "Example Utility 2026": "Do not build",
    "keyturnpassword": "Do not build",
    "ElectricWater99!": "Do not build",
    "mailhouse-login1": "Do not build",
}


@pytest.mark.parametrize("password", GOOD)
def test_long_ones_are_welcome_whatever_they_are_made_of(password: str) -> None:
    validate_password(password, ANA)


@pytest.mark.parametrize(("password", "said"), BAD.items(), ids=[each[:20] for each in BAD])
def test_easy_ones_are_refused_with_what_to_do(password: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, ANA)
    assert said in " ".join(refused.value.messages)


class TestAStolenOne:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """A file as Have I Been Pwned offers it, with 3,000 hashes in their order."""
        hashes = sorted(sha1(f"stolen number {n}") for n in range(3000))
        file = tmp_path / "ordered-by-hash.txt"
        file.write_bytes(b"".join(f"{each}:{n % 97 + 1}\r\n".encode() for n, each in enumerate(hashes)))
        return file

    def test_is_found_wherever_it_stands_in_the_file(self, file: Path) -> None:
        assert all(is_breached(f"stolen number {n}", file) for n in range(3000))

    def test_is_not_seen_where_it_is_not(self, file: Path) -> None:
        assert not any(is_breached(f"nobody's number {n}", file) for n in range(3000))

    def test_is_looked_up_with_few_reads(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        reads = []
        opened = file.open("rb")
        original = opened.readline

        class Counted:
            def __enter__(self) -> "Counted":
                return self

            def __exit__(self, *_: object) -> None:
                opened.close()

            def seek(self, *args: int) -> int:
                return opened.seek(*args)

            def tell(self) -> int:
                return opened.tell()

            def readline(self) -> bytes:
                reads.append(1)
                return original()

        monkeypatch.setattr(Path, "open", lambda *_: Counted())
        is_breached("stolen number 7", file)
        assert len(reads) < 40

    @pytest.mark.parametrize("content", [b"", b"\n", b"0" * 40])
    def test_needs_no_particular_file(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "small").write_bytes(content)
        assert not is_breached("correct horse battery staple", tmp_path / "small")

    def test_a_file_that_is_gone_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match="KEYTURN_BREACHED_PASSWORDS cannot be read"):
            is_breached("correct horse battery staple", tmp_path / "gone")

    def test_is_refused_on_the_page(self, file: Path, settings: Any, visitor: Visitor, db: None) -> None:
        settings.KEYTURN_BREACHED_PASSWORDS = str(file)
        visitor.signs_up().sends("/signin/password/set", password1="stolen number 7")
        assert visitor.page.status_code == 422
        visitor.sees("This password was stolen from another site before")
        assert not visitor.user.has_usable_password()


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest().upper()


def test_a_password_may_be_pasted_and_filled_in_by_a_manager(visitor: Visitor, db: None) -> None:
    visitor.signs_up().opens("/signin/password/set")
    visitor.sees('autocomplete="new-password"')
    assert "onpaste" not in visitor.html
    assert "maxlength" not in visitor.html
    visitor.signs_out().opens("/signin").sees('autocomplete="current-password"', 'autocomplete="username webauthn"')


def test_a_password_is_never_on_a_page(visitor: Visitor, db: None) -> None:
    visitor.signs_up().sends("/signin/password/set", password1="too short")
    assert "too short" not in visitor.html
