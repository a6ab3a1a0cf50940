"""How do we know a person again? Pure Python: blocking keys, comparisons, weights, the decision and its explanation."""

from keyturn.matching.addresses import NormalAddress, normalise, search_terms
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.decide import LINK, NEW, REVIEW, Decision, Ranked, decide, matcher_zone
from keyturn.matching.explain import (
    Words,
    words_for,
    words_for_code,
    words_for_margin,
    words_for_missing,
    words_for_ranked,
    words_for_relation,
)
from keyturn.matching.features import Features, features_of
from keyturn.matching.identifiers import normal_identifier
from keyturn.matching.keys import KEYS_VERSION, blocking_keys, identity_lock_keys
from keyturn.matching.model import Model, load
from keyturn.matching.places import closeness
from keyturn.matching.relations import relations
from keyturn.matching.score import FieldScore, Scored, score

__all__ = [
    "KEYS_VERSION",
    "LINK",
    "NEW",
    "REVIEW",
    "Decision",
    "Features",
    "FieldScore",
    "Model",
    "NormalAddress",
    "Ranked",
    "Scored",
    "Words",
    "blocking_keys",
    "closeness",
    "decide",
    "features_of",
    "identity_lock_keys",
    "load",
    "matcher_zone",
    "normal_email",
    "normal_identifier",
    "normal_phone",
    "normalise",
    "relations",
    "score",
    "search_terms",
    "words_for",
    "words_for_code",
    "words_for_margin",
    "words_for_missing",
    "words_for_ranked",
    "words_for_relation",
]
