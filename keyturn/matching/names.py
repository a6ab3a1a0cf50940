"""Are these two names those of one person, however they were written down?"""

from functools import lru_cache
from pathlib import Path
from typing import Final

import jellyfish
from rapidfuzz.distance import OSA, JaroWinkler, Levenshtein

from keyturn.matching.text import fold, squeezed, word_set

EXACT: Final = "exact"
NICKNAME: Final = "nickname"
INITIAL: Final = "initial"
OTHER_INITIAL: Final = "other_initial"
MIDDLE: Final = "middle"  # goes by the middle name
PART: Final = "part"  # one of two surnames
SLIP: Final = "slip"  # a slip of the fingers
SIMILAR: Final = "similar"  # nearly the same, but two names perhaps
PHONETIC: Final = "phonetic"
GARBLED: Final = "garbled"  # several slips: nearer than two names are by chance
SWAPPED: Final = "swapped"  # given name and surname in each other's place
CROSSED: Final = "crossed"  # the surname of one is the given name of the other, and the other half differs
DIFFERENT: Final = "different"
ONE_SIDED: Final = "one_sided"
CONFLICT: Final = "conflict"

_SUFFIXES: Final = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "sr": "sr", "senior": "sr", "snr": "sr", "ii": "ii", "2nd": "ii",
    "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "5th": "v",
}  # fmt: skip
_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "madam", "sr", "sra", "srta"})
_PARTICLES: Final = word_set(
    "da das de del dela della den der di do dos du el la las le lo los mac san santa ten ter van von y zu af al bin ibn"
)
_NEVER_NAMES: Final = word_set("anonymous desconocido fnu lnu nobody none occupant tbd unk unknown xx xxx")
"""Nobody is called so: that two have no name ("FNU", first name unknown) in common says nothing."""
_NO_NAMES: Final = _NEVER_NAMES | word_set(
    "adult age anon apellido baby boy brother casa child coh current customer dad dau daughter declined doe doh dont "
    "dummy father fathers female first five four friend gent gentelman gentle gentleman gentlemen girl goh grandchild "
    "granddaddy granddaughter grandfather grandma grandmother grandpa grandson guest head hh hhm hija hijo hombre "
    "home house household householder husband inmate kid know lady landlord last loh male man member men minor miss "
    "moh mom mother mr mrs ms mujer na name nephew newborn niece nina nino no nombre null of oldest one other owner "
    "parent person ref reference refuse refused renter res resident residente resp respondant respondent roommate "
    "self senor senora sir sister soh son spouse tenant test the three two wife woman women young younger youngest a "
    "in de la el los las"
)
"""What else is written where nobody gave a name: "lady of the house", "MOH". Some people are really called so (Julia Child),
so that such words are only passed over where they disagree with a name."""
_DATA = Path(__file__).parent / "data"
KNOWN_BY_HEART: Final = 1 << 16
"""Names of which a process keeps what it has once worked out: the same ones come again and again."""


def normal_given(given: str, middle: str) -> tuple[str, str]:
    """(given, middle) folded; a title is dropped and "John A" in the given name's place is parted.

    A given name of several whole words ("Mary Ann") stays whole: whether the second is a middle name nobody knows.
    """
    words = fold(given).split()
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    while len(words) > 1 and len(words[-1]) == 1:
        middle = f"{words.pop()} {middle}"
    return " ".join(words), fold(middle)


def normal_family(family: str, suffix: str) -> tuple[str, str]:
    """(surname, suffix) folded; a suffix written behind the surname is recognised where its own place is empty."""
    words = fold(family).split()
    folded = squeezed(fold(suffix))
    if not folded and len(words) > 1 and words[-1] in _SUFFIXES and words[-1] != "v":
        folded = words.pop()
    if len(words) > 1 and words[0] == "st":
        words[0] = "saint"
    return " ".join(words), _SUFFIXES.get(folded, "")


@lru_cache(maxsize=KNOWN_BY_HEART)
def core_family(family: str) -> tuple[str, ...]:
    """The words of a folded surname that tell people apart: particles left out unless nothing else is there."""
    words = family.split()
    return tuple(each for each in words if each not in _PARTICLES) or tuple(words)


def first_given(given: str) -> str:
    """The first word of a folded given name."""
    return given.partition(" ")[0]


@lru_cache(maxsize=KNOWN_BY_HEART)
def phonetic(word: str) -> str:
    """How an English speaker hears a folded word; the word itself where the letters are not Latin."""
    return (jellyfish.metaphone(word) if word.isascii() else "") or word


@lru_cache(maxsize=1)
def _nicknames() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate((_DATA / "nicknames.txt").read_text(encoding="utf-8").splitlines()):
        for word in line.partition("#")[0].split():
            groups.setdefault(word.rstrip(":"), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


@lru_cache(maxsize=2)
def _per_million(table: str) -> dict[str, int]:
    rows = (_DATA / f"{table}.tsv").read_text(encoding="utf-8").splitlines()
    return {name: int(count) for name, _, count in (row.partition("\t") for row in rows if not row.startswith("#"))}


def frequency_of_given(given: str) -> float | None:
    """The share of people with this first given name; None where it is not among the common ones."""
    count = _per_million("given_names").get(first_given(given))
    return None if count is None else count / 1_000_000


def frequency_of_family(family: str) -> float | None:
    """The share of people with this surname; None where it is not among the common ones."""
    count = _per_million("surnames").get(squeezed(family))
    return None if count is None else count / 1_000_000


def nickname_groups(name: str) -> frozenset[int]:
    """The groups of names that are forms of each other to which a folded given name belongs."""
    return _nicknames().get(name, frozenset())


def are_nicknames(one: str, other: str) -> bool:
    """Whether both are forms of one name ("bill", "william"); a form of two names ("pat") does not join these two."""
    table = _nicknames()
    return not table.get(one, frozenset()).isdisjoint(table.get(other, frozenset()))


@lru_cache(maxsize=KNOWN_BY_HEART)
def is_no_name(name: str) -> bool:
    """Whether a folded name may have been put in the place of one that nobody gave."""
    words = [word for word in name.split() if len(word) > 1] or name.split()
    return all(word in _NO_NAMES for word in words)


@lru_cache(maxsize=1)
def _full_forms() -> dict[str, str]:
    """Short form -> the commonest full form. A name that is the full form on a line of its own stays itself."""
    known = _per_million("given_names")
    found: dict[str, str] = {}
    full = set()
    for line in (_DATA / "nicknames.txt").read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].replace(":", " ").split()
        full.update(words[:1])
        for short in words[1:]:
            if known.get(words[0], 0) > known.get(found.get(short, ""), -1):
                found[short] = words[0]
    return {short: name for short, name in found.items() if short not in full}


def full_form(given: str) -> str:
    """ "william" for "bill": one of the names that a first given name may be short for, and always the same one."""
    return _full_forms().get(given, given)


def compare_given(one: str, one_middle: str, other: str, other_middle: str) -> str:
    """The level of two folded given names; "" where one is missing or says "occupant". Symmetric."""
    if not one or not other or one in _NEVER_NAMES:
        return ""
    if one == other or squeezed(one) == squeezed(other):
        return EXACT
    if is_no_name(one) or is_no_name(other):
        return ""
    if _are_parted_otherwise(one, one_middle, other, other_middle):
        return EXACT
    mine, theirs = first_given(one), first_given(other)
    if mine == theirs:
        return _same_first(one, one_middle, other, other_middle)
    if len(mine) == 1 or len(theirs) == 1:
        return INITIAL if mine[0] == theirs[0] else DIFFERENT
    if are_nicknames(mine, theirs):
        return NICKNAME
    if mine == first_given(other_middle) or theirs == first_given(one_middle):
        return MIDDLE
    return _compare_spelling(squeezed(one), squeezed(other))


def _same_first(one: str, one_middle: str, other: str, other_middle: str) -> str:
    """The level of "Maria" and "Maria Jose", where the first words are the same and the whole is not.

    Two sisters may be Maria Jose and Maria Luisa, so that second words which contradict each other count.
    """
    if len(first_given(one)) == 1:
        return INITIAL
    second, other_second = (one.partition(" ")[2] or one_middle, other.partition(" ")[2] or other_middle)
    if not second or not other_second or second == other_second:
        return EXACT
    if second[0] == other_second[0] and (len(second) == 1 or len(other_second) == 1):
        return EXACT
    return SIMILAR if _looks_like(second, other_second) else DIFFERENT


def _are_parted_otherwise(one: str, one_middle: str, other: str, other_middle: str) -> bool:
    """ "Maryann" is "Mary" with the middle name "Ann", and "Xiaoming" is "Xiao" with "Ming". A mere initial is no such part:
    Ivan A. has a sister Ivana."""
    if bool(one_middle) == bool(other_middle) or len(one_middle or other_middle) == 1:
        return False
    return squeezed(one + one_middle) == squeezed(other + other_middle)


def _compare_spelling(one: str, other: str) -> str:
    """A slip where only one of the two is a name. Maria and Marie are both names; so, perhaps, are two rare ones."""
    known = _per_million("given_names")
    are_names = (one in known) + (other in known)
    if are_names == 2:
        return DIFFERENT
    if not _looks_like(one, other):
        return GARBLED if _is_garbled(one, other, share=0.5) else DIFFERENT
    if one[0] != other[0] and one[:2] != other[1::-1]:  # Jary is Mary misread; Kaden and Jaden are twins
        return SIMILAR if are_names and len(one) == len(other) > 3 else DIFFERENT
    return SLIP if are_names else SIMILAR


def _looks_like(one: str, other: str) -> bool:
    """At most one slip in a short word, two in a long one, or alike as a whole."""
    shorter = min(len(one), len(other))
    if shorter < 3:
        return False
    if OSA.distance(one, other, score_cutoff=2) <= (1 if shorter < 6 else 2):
        return True
    return JaroWinkler.similarity(one, other) >= 0.92


def _is_garbled(one: str, other: str, *, share: float) -> bool:
    """Whether no more than this share of the letters is wrong."""
    most = int(max(len(one), len(other)) * share)
    return min(len(one), len(other)) > 3 and Levenshtein.distance(one, other, score_cutoff=most) <= most


def compare_family(one: str, other: str) -> str:
    """The level of two folded surnames; "" where one is missing, or only an initial. Symmetric."""
    if not one or not other or one in _NEVER_NAMES:
        return ""
    mine, theirs = squeezed(one), squeezed(other)
    if mine == theirs:
        return EXACT
    if _is_initial(mine) or _is_initial(theirs) or is_no_name(one) or is_no_name(other):
        return ""
    core, other_core = core_family(one), core_family(other)
    if core == other_core:
        return EXACT
    if not set(core).isdisjoint(other_core):
        return PART
    if _looks_like(mine, theirs):
        return SLIP
    if len(mine) > 3 and len(theirs) > 3 and phonetic(mine) == phonetic(theirs):
        return PHONETIC
    known = _per_million("surnames")
    both_are_names = mine in known and theirs in known
    return GARBLED if not both_are_names and _is_garbled(mine, theirs, share=0.4) else DIFFERENT


def _is_initial(name: str) -> bool:
    """A letter; but one sign is a whole surname in Chinese."""
    return len(name) == 1 and name < "\u0530"


def is_crossed(given: str, family: str) -> bool:
    """Whether one person's given name stands in the place of another's surname, but for a slip. Symmetric."""
    mine, theirs = squeezed(given), squeezed(family)
    return mine == theirs if mine[:1] != theirs[:1] else bool(mine) and (mine == theirs or _looks_like(mine, theirs))


def may_be_crossed(given: str, family: str) -> bool:
    """`is_crossed`, with several slips, or with a middle name behind the given one ("Nguyen Thi" and "Lan" is Lan Thi Nguyen).
    Too little alone: only where the other half is crossed as well."""
    if is_crossed(given, family) or is_crossed(first_given(given), family):
        return True
    return _is_garbled(squeezed(given), squeezed(family), share=0.4)


def compare_middle(one: str, other: str) -> str:
    """The level of two folded middle names; "" where one is missing. Symmetric. Where one is but an initial, "initial" or
    "other_initial" is all that can be said."""
    if not one or not other:
        return ""
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else OTHER_INITIAL
    mine, theirs = squeezed(one), squeezed(other)
    return EXACT if mine == theirs or are_nicknames(mine, theirs) or _looks_like(mine, theirs) else DIFFERENT


def compare_suffix(one: str, other: str) -> str:
    """ "exact", "conflict", "one_sided", or "" where neither has one. Symmetric."""
    if one == other:
        return EXACT if one else ""
    return CONFLICT if one and other else ONE_SIDED
