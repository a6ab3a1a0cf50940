"""What is on file about them, what is about to change, and how was it on another day?"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _

from keyturn.journeys.changes.change_preferences import TOPICS
from keyturn.look.parts import Part, problems_of
from keyturn.portal import addresses, dates, forms
from keyturn.portal.account import home, pending, said
from keyturn.portal.account.door import Visit, signed_in
from keyturn.records.queries import my_information
from keyturn.records.queries import persons as on_file
from keyturn.records.queries.my_information import Mail, Mine

Row = dict[str, Any]


@signed_in
def you(visit: Visit) -> HttpResponse:
    """Everything about who they are, each with the way to change it; `as_of` shows it as it was."""
    person = visit.person(visit.request.GET.get("person", ""))
    day, error, typed = _as_of(visit)
    at = visit.now if day is None else _end_of(day, visit.policy)
    mine = my_information.about(person, at=at, is_past=day is not None)
    reader = _Reader(visit, mine, is_past=day is not None)
    field = Part("date", "as_of", _("Show it as it was on"), value=dates.boxes(typed), error=error, optional=False)
    others = [each for each in visit.persons if each.pk != person.pk]
    return visit.show(
        "you.html", back="/account", person=person, sections=reader.sections(), as_of=day and dates.written(day),
        field=field, problems=problems_of((field,)), others=_named(visit, others), status=422 if error else 200,
    )  # fmt: skip


def _named(visit: Visit, persons: Iterable[Any]) -> list[Row]:
    names = on_file.names_of([each.pk for each in persons], at=visit.now)
    return [{"id": str(key), "name": name} for key, name in names.items()]


def _as_of(visit: Visit) -> tuple[date | None, str, str]:
    """The day that was asked for, what is wrong with it, and how it was typed."""
    asked = visit.request.GET
    typed = asked.get("as_of", "") or dates.typed({piece: asked.get(f"as_of-{piece}", "") for piece in dates.PIECES})
    if not typed:
        return None, "", ""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None, _("Enter a complete date that exists: month, day and year."), typed
    if day > visit.today:
        return None, _("Choose today or an earlier day."), typed
    return day, "", typed


def _end_of(day: date, policy: Any) -> datetime:
    """What held on a day is what held when it ended."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(policy.time_zone)) - timedelta(seconds=1)


class _Reader:
    """One person's file as sections of rows. A row: label, lines, notes, and how it is changed."""

    def __init__(self, visit: Visit, mine: Mine, *, is_past: bool) -> None:
        self.visit, self.mine, self.is_past = visit, mine, is_past
        self.accounts = home.titles(visit)
        self.coming = {} if is_past else pending.by_slot(visit, mine.person)

    def sections(self) -> list[Row]:
        found = [
            {"title": _("Your name"), "rows": self.names(), "more": self._more("add_name", _("Add a previous or other name"))},
            {"title": _("How we reach you"), "rows": self.contacts(), "more": [
                *self._more("change_contact", _("Add a phone number"), contact_id="new", channel="phone", act="set"),
                *self._more("change_contact", _("Add an e-mail address"), contact_id="new", channel="email", act="set"),
            ]},
            {"title": _("Where letters go"), "rows": self.mail(), "more": self._more("change_mailing_address", _("Change or add a mailing address"))},
            {"title": _("Your documents"), "rows": self.papers(), "more": self._more("change_identifier", _("Tell us of a new document"))},
        ]  # fmt: skip
        return found if self.is_past else [*found, {"title": _("How we write to you"), "rows": self.preferences()}]

    def names(self) -> list[Row]:
        mine, change = self.mine, [self._change("change_name", _("Change"), _("your name"))]
        rows = [self._row(_("Name"), [mine.name], change, slots=[s for s in self.coming if s.startswith("name.")])]
        if mine.born and not self.is_past:
            rows.append(self._row(_("Date of birth"), [dates.written(mine.born)], []))
        rows += [self._row(str(said.NAME_TYPES.get(e.name_type, "")), [e.text], []) for e in mine.other_names]
        return rows

    def contacts(self) -> list[Row]:
        rows = []
        for each in self.mine.contacts:
            given = {"contact_id": each.key, "channel": each.channel}
            value = {"value": each.value, "contact_type": each.contact_type}
            spoken = said.spoken_phone(each.value)
            acts = [self._change("change_contact", _("Change"), spoken, act="set", **given)]
            if each.status != "verified":
                acts.insert(0, self._change("change_contact", _("Prove"), spoken, act="prove", **given))
            if not each.is_first:
                acts.append(self._change("change_contact", _("Use first"), spoken, act="first", **given))
            acts.append(self._change("change_contact", _("Remove"), spoken, act="remove", **given))
            tags = [] if each.status == "verified" else [{"text": _("Not proved yet"), "colour": "yellow"}]
            tags = [{"text": _("Does not work"), "colour": "red"}] if each.status == "bounced" else tags
            if each.is_first and sum(e.channel == each.channel for e in self.mine.contacts) > 1:
                tags.insert(0, {"text": _("Used first"), "colour": "green"})
            label = str(said.CONTACTS.get(each.channel, each.channel))
            rows.append(self._row(label, said.contact_lines(value), acts, tags=tags, slots=[f"contact.{each.key}"]))
        new = self.coming.get("contact.new")
        return [*rows, self._coming_row(_("New contact"), "contact.new", new)] if new else rows

    def mail(self) -> list[Row]:
        # Of accounts that this login may see: who has two logins may have different ones (two files that became one).
        mine = [each for each in self.mine.mail if not each.account_id or each.account_id in self.accounts]
        rows = [self._mail_row(each) for each in mine]
        if not any(not e.account_id and e.season_from is None and not e.planned for e in mine):
            rows.insert(
                0, self._row(_("Letters go to"), [_("The service address of each account")], [], slots=["mailing.all"])
            )
        shown = {each.slot for each in self.mine.mail} | {"mailing.all"}
        sayer = said.Sayer(self.accounts, {})
        rows += [
            self._coming_row(sayer.label(slot), slot, coming)
            for slot, coming in self.coming.items()
            if slot.startswith(("mailing.", "season.")) and slot not in shown
        ]
        return rows

    def _mail_row(self, each: Mail) -> Row:
        label = said.Sayer(self.accounts, {}).label(each.slot)
        notes = []
        if each.season_from is None and each.planned:
            notes.append(_("From %(day)s") % {"day": _local(each.since, self.visit.policy)})
        if each.season_from is None and each.until:
            notes.append(_("Until %(day)s") % {"day": _local(each.until - timedelta(seconds=1), self.visit.policy)})
        tags = [{"text": _("Planned"), "colour": "blue"}] if each.planned else []
        return self._row(label, addresses.shown(each.address.as_json()), [], notes=notes, tags=tags, slots=[each.slot])

    def papers(self) -> list[Row]:
        rows = [
            self._row(
                "".join(forms.said("id_type", {"id_type": each.id_type})) or each.id_type, [said.ending(each.last_four)], [],
                slots=[f"identifier.{each.id_type}"],
            )
            for each in self.mine.papers
        ]  # fmt: skip
        known = {f"identifier.{each.id_type}" for each in self.mine.papers}
        sayer = said.Sayer({}, {})
        new = [s for s in self.coming if s.startswith("identifier.") and s not in known]
        rows += [self._coming_row(sayer.label(slot), slot, self.coming[slot]) for slot in new]
        return rows or [self._row(_("Identity document"), [_("None on file")], [])]

    def preferences(self) -> list[Row]:
        mine = self.mine
        change = self._change("change_preferences", _("Change"), _("language and formats"))
        news = self._change("change_preferences", _("Change"), _("what we tell you of"), to="news")
        formats = forms.said("formats", {"formats": list(mine.formats)}) or [_("None")]
        rows = [
            self._row(_("Language"), forms.said("language", {"language": mine.language}), [change], slots=["detail.language"]),
            self._row(_("Accessible formats"), formats, [], slots=["detail.formats"]),
        ]  # fmt: skip
        told = [
            f"{said.TOPICS[topic]}: {', '.join(str(said.CHANNELS.get(each, each)) for each in mine.preferences[topic])}"
            for topic in TOPICS
            if mine.preferences.get(topic)
        ]
        return [*rows, self._row(_("What we tell you of"), told or [_("Only what we must")], [news])]

    # ---- parts of a row

    def _row(
        self, label: str, lines: list[str], changes: list[Row], *, notes: Iterable[str] = (), tags: Iterable[Row] = (), slots: Iterable[str] = ()
    ) -> Row:  # fmt: skip
        coming = next((self._said(slot) for slot in slots if slot in self.coming), None)
        acts = [] if self.is_past else changes
        return {
            "label": label,
            "lines": lines,
            "changes": acts,
            "notes": list(notes),
            "tags": list(tags),
            "coming": coming,
        }

    def _coming_row(self, label: str, slot: str, coming: Row) -> Row:
        return {"label": label, "lines": [], "changes": [], "notes": [], "tags": [], "coming": self._said(slot)}

    def _said(self, slot: str) -> Row:
        coming = self.coming[slot]
        if slot.startswith("name."):  # the parts of a name are one change
            parts = [self.coming.get(f"name.{part}", {}).get("value") for part in said.PARTS]
            lines = [" ".join(filter(None, parts))]
        else:
            lines = said.Sayer(self.accounts, {}).lines(slot, coming["value"]) or [_("Removed")]
        return {**coming, "lines": lines}

    def _change(self, journey: str, text: str, what: str, **given: str) -> Row:
        return {"journey": journey, "text": text, "what": what, "given": {**given, "person": str(self.mine.person.pk)}}

    def _more(self, journey: str, text: str, **given: str) -> list[Row]:
        return [] if self.is_past else [self._change(journey, text, "", **given)]


def _local(at: datetime, policy: Any) -> str:
    return dates.written(at.astimezone(ZoneInfo(policy.time_zone)).date())
