"""How is a candidate shown to a program of staff: as data, and in the words that a reviewer would use?

Only for callers who may see staff's data: that somebody like the applicant is on file is nobody else's to know (I7).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from keyturn.matching.decide import Ranked
from keyturn.matching.explain import Words, words_for_ranked
from keyturn.matching.relations import CODES
from keyturn.matching.score import FieldScore, Scored


def shown(ranked: Ranked, *, ref: str | None) -> dict[str, Any]:
    """What the matcher has just said."""
    scored = ranked.scored.as_json()
    return {
        "person_id": ranked.person_id,
        "ref": ref,
        "weight": scored["weight"],
        "probability": scored["probability"],
        "margin": None if ranked.margin is None else round(ranked.margin, 2),
        "linkable": ranked.linkable,
        "fields": scored["fields"],
        "missing": [{"field": field, "where": where} for field, where in ranked.missing],
        "vetoes": list(ranked.scored.vetoes),
        "why": list(ranked.why),
        "relation": list(ranked.relation),
        "words": [_said(each) for each in _words(ranked)],
    }


def kept(rows: Iterable[tuple[Any, str | None]]) -> list[dict[str, Any]]:
    """What the matcher said when it last looked at a request: its candidates with the CIS's ids, best first."""
    known = list(rows)
    return [shown(_as_ranked(row, [each for each, _ref in known]), ref=ref) for row, ref in known]


def _as_ranked(row: Any, all_of_them: list[Any]) -> Ranked:
    rivals = [each.weight for each in all_of_them if each is not row and "not_the_same_person" not in each.why]
    scored = Scored(
        weight=row.weight,
        probability=row.probability,
        fields=tuple(FieldScore(each["field"], each["level"], each["weight"]) for each in row.fields),
        groups=frozenset(),
        vetoes=tuple(row.vetoes),
        model_version=row.model_version,
    )
    return Ranked(
        person_id=str(row.person_id),
        scored=scored,
        linkable=row.linkable,
        why=tuple(code for code in row.why if code not in CODES or code in row.vetoes),
        relation=tuple(code for code in CODES if code in row.why),
        margin=row.weight - max(rivals) if rivals else None,
        missing=tuple((field, "") for field in row.missing),  # who lacks it is not kept
    )


def _words(ranked: Ranked) -> tuple[Words, ...]:
    """Of a comparison by an older model, a field that nobody compares so any more has no sentence."""
    sayable = replace(ranked, missing=tuple(each for each in ranked.missing if each[1]))
    try:
        return words_for_ranked(sayable)
    except KeyError:
        return words_for_ranked(replace(sayable, scored=replace(sayable.scored, fields=())))


def _said(words: Words) -> dict[str, str]:
    return {"field": words.field, "side": words.side, "text": gettext(words.message) % dict(words.params)}
