"""`keyturn merge` and `keyturn unmerge`: two colleagues at two terminals."""

import pytest
from click.testing import CliRunner, Result

from keyturn.cli import cli
from keyturn.records.models import AccountAccess, AccountPerson, Person, PersonMerge
from tests import factories
from tests.flow.one_person import ANNA
from tests.flow.town import ANA, Town


@pytest.fixture
def two(town: Town) -> tuple[Person, Person]:
    for name in ("rosa", "otto"):
        factories.a_member_of_staff(name)
    factories.a_member_of_staff("sofia", role="supervisor")
    return town.serves(ANA, town.house()), town.serves(ANNA, town.house())


def keyturn(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def test_one_proposes_the_other_agrees_and_it_can_be_undone(town: Town, two: tuple[Person, Person]) -> None:
    ana, anna = two
    pair = (ana.ref, anna.pk)  # a reference or an id
    first = keyturn(
        "merge", *pair, "--as", "rosa", "--reason", "Both bills came to the desk", "--choose", "email=loser"
    )
    assert first.exit_code == 0, first.output
    merge = PersonMerge.objects.get()
    assert f"merge {merge.pk}" in first.output
    assert f"keyturn merge {ana.ref} {anna.pk} --as COLLEAGUE" in first.output
    again = keyturn("merge", *pair, "--as", "rosa", "--reason", "Both bills came to the desk")
    assert again.exit_code == 1
    assert "Another colleague must agree" in again.output
    other = keyturn("merge", *pair, "--as", "otto", "--reason", "Compared the licences", "--choose", "phone=loser")
    assert other.exit_code == 1
    assert "--choose email=loser" in other.output
    done = keyturn("merge", *pair, "--as", "otto", "--reason", "Compared the licences")
    assert done.exit_code == 0, done.output
    assert Person.objects.get(pk=anna.pk).redirect_to == ana
    town.works()
    assert "A supervisor undoes it" in done.output
    undone = keyturn("unmerge", merge.pk, "--as", "sofia", "--reason", "They are twins after all")
    assert undone.exit_code == 0, undone.output
    assert Person.objects.get(pk=anna.pk).redirect_to is None


@pytest.mark.rule("K-99")
def test_a_reviewer_looks_and_a_supervisor_undoes(town: Town, two: tuple[Person, Person]) -> None:
    for who in ("rosa", "otto"):
        keyturn("merge", two[0].ref, two[1].ref, "--as", who, "--reason", "Both bills came to the desk")
    town.works()
    merge = PersonMerge.objects.get()
    assert "Goes back: 1 Accounts" in keyturn("unmerge", merge.pk, "--as", "otto", "--dry-run").output
    refused = keyturn("unmerge", merge.pk, "--as", "otto", "--reason", "They are twins after all")
    assert refused.exit_code == 1
    assert "Only a supervisor undoes a merge." in refused.output
    assert PersonMerge.objects.get().state == "done"


def test_a_script_that_says_no_reason_is_not_asked_at_a_terminal_that_is_not_there(
    town: Town, two: tuple[Person, Person]
) -> None:
    pair = (two[0].ref, two[1].ref)
    for who in ("rosa", "otto"):
        assert keyturn("merge", *pair, "--as", who).exit_code == 0
    town.works()
    assert keyturn("unmerge", PersonMerge.objects.get().pk, "--as", "sofia").exit_code == 0
    assert Person.objects.get(pk=two[1].pk).redirect_to is None


def test_a_dry_run_prints_what_would_be_and_writes_nothing(town: Town, two: tuple[Person, Person]) -> None:
    shown = keyturn("merge", two[0].ref, two[1].ref, "--as", "rosa", "--dry-run")
    assert shown.exit_code == 0
    assert "* email: ana@example.com | anna@example.net (stays: survivor)" in shown.output
    assert "1 Accounts" in shown.output
    assert not PersonMerge.objects.exists()


def test_what_cannot_be_decided_is_printed_with_its_option(town: Town, two: tuple[Person, Person]) -> None:
    test_one = keyturn("merge", two[0].ref, two[1].ref, "--as", "rosa", "--reason", "Both bills came to the desk")
    assert test_one.exit_code == 0
    keyturn("merge", two[0].ref, two[1].ref, "--as", "otto", "--reason", "Compared the licences")
    town.works()
    merge = PersonMerge.objects.get()
    from keyturn.records.models import Document

    paper = Document(
        person=two[0], purpose="name", media_type="image/png", size=1, checksum="x", scan="clean", uploaded_by="x",
        uploaded_at=town.now,
    )  # fmt: skip
    paper.name = "marriage.png"
    paper.save(force_insert=True)
    shown = keyturn("unmerge", merge.pk, "--as", "otto", "--dry-run")
    assert f"Came since: Papers, name · marriage.png: survivor (--keep document:{paper.pk}=loser)" in shown.output
    assert "Goes back: 1 Accounts" in shown.output
    done = keyturn(
        "unmerge", merge.pk, "--as", "sofia", "--reason", "They are twins", "--keep", f"document:{paper.pk}=loser"
    )
    assert done.exit_code == 0, done.output
    paper.refresh_from_db()
    assert paper.person == two[1]


def test_whose_login_it_is_can_be_said_afterwards(town: Town, two: tuple[Person, Person]) -> None:
    for who in ("rosa", "otto"):
        keyturn("merge", two[0].ref, two[1].ref, "--as", who)
    town.works()
    merge, login = PersonMerge.objects.get(), factories.a_login("both@login.example")
    for part in AccountPerson.objects.filter(person=two[0]):
        AccountAccess.objects.create(
            user=login, account=part.account, person=two[0], level="owner", capacity="self", proof="sms", since=town.now,
            granted_by="machine:",
        )  # fmt: skip
    shown = keyturn("unmerge", merge.pk, "--as", "sofia", "--dry-run").output
    assert shown.count("Access ends: both@login.example") == 2
    assert "both@login.example: cannot be decided" in shown
    undone = keyturn("unmerge", merge.pk, "--as", "sofia")
    assert f"--as SUPERVISOR --keep login:{login.pk}=survivor" in undone.output
    assert not AccountAccess.objects.filter(user=login, ended_at=None).exists()
    keep = ("unmerge", merge.pk, "--keep", f"login:{login.pk}=loser", "--as")
    assert "Only a supervisor" in keyturn(*keep, "otto").output
    assert keyturn(*keep, "sofia").exit_code == 0
    assert AccountAccess.objects.get(user=login, ended_at=None).person == two[1]
    assert "This merge does not stand." in keyturn(*keep, "sofia").output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("merge", "NOBODY", "NOBODY2", "--as", "rosa"), 1, "Nobody on file has the id or reference NOBODY."),
        (("merge", "NOBODY", "NOBODY2", "--as", "ghost"), 2, "there is no reviewer or supervisor ghost"),
        (("merge", "NOBODY"), 2, "Missing argument"),
        (("merge", "{0}", "{0}", "--as", "rosa", "--reason", "I said so, twice"), 1, "It is one and the same file."),
        (("merge", "{0}", "{0}", "--as", "rosa", "--dry-run"), 1, "Error: It is one and the same file."),
        (("merge", "{0}", "{1}", "--as", "rosa", "--reason", "short"), 1, "reason: Write why, in a sentence."),
        (("merge", "{0}", "{1}", "--as", "rosa", "--choose", "email"), 2, "write NAME=survivor or NAME=loser"),
        (("merge", "{0}", "{1}", "--as", "rosa", "--reason", "I said so, twice", "--choose", "shoe=loser"), 1, "Choose one"),
        (("unmerge", "nonsense", "--as", "rosa"), 1, "There is no merge nonsense."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_no_traceback(
    two: tuple[Person, Person], arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = keyturn(*(each.format(two[0].ref, two[1].ref) for each in arguments))
    assert found.exit_code == code, found.output
    assert said in found.output
    assert "Traceback" not in found.output
    assert "Goes over" not in found.output


def test_help_has_examples() -> None:
    for name in ("merge", "unmerge"):
        assert f"keyturn {name} " in keyturn(name, "--help").output
