"""From which tradition of names may a surname come? A guess from its spelling, for counting groups and nothing else.

Spelling is a poor witness of anybody's origin: people marry, migrate and are renamed at borders. It is good enough to
see whether a matcher works less well for some kinds of names, and so it is used for that alone: it is never kept of a
person and no decision knows it. A utility that knows better gives a column `group` in its labelled file.
"""

from typing import Final

from keyturn.matching.text import fold, word_set

OTHER: Final = "other"

_WORDS: Final = {
    "East Asian": word_set(
        "nguyen tran le pham huynh vo dang bui do ngo li wang zhang chen liu yang huang zhao wu zhou xu sun zhu lin guo he gao luo"
        " zheng liang xie tang chan wong cheung lau leung cheng ng kim lee park choi jung kang cho yoon jang lim sato suzuki"
        " takahashi tanaka watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki"
    ),
    "South Asian": word_set(
        "patel singh kumar sharma gupta shah khan ali ahmed hussain kaur reddy rao iyer nair menon das roy banerjee chatterjee"
        " mukherjee chowdhury mehta desai joshi verma mishra agarwal begum akhtar malik siddiqui gill sandhu dhillon"
    ),
    "Arabic": word_set(
        "hassan hussein mohamed mohammed muhammad ahmad ibrahim mahmoud youssef haddad khoury nasser saleh omar osman abdi abdullah"
        " abdallah farah warsame said mansour hamdan"
    ),
    "Spanish": word_set(
        "garcia martinez rodriguez lopez hernandez gonzalez perez sanchez ramirez torres flores rivera gomez diaz cruz reyes"
        " morales ortiz gutierrez chavez ramos ruiz mendoza vargas castillo romero jimenez moreno medina castro soto vega"
        " delgado guerrero rojas salazar silva aguilar santos contreras mejia padilla luna"
    ),
}  # fmt: skip
_ENDINGS: Final = {
    "Spanish": ("ez", "illo", "illa", "ueda", "ado", "ero"),
    "Slavic": ("ov", "ova", "ev", "eva", "enko", "chuk", "czyk", "ski", "sky", "ska", "wicz", "vich", "vic", "vych", "ak", "uk"),
    "East Asian": ("moto", "mura", "yama", "kawa", "shima"),
    "Arabic": ("ullah", "uddin"),
    "South Asian": ("wala", "swamy", "murthy", "aswami"),
}  # fmt: skip
_BEGINNINGS: Final = {"Arabic": ("al ", "el ", "abd ", "abu ", "ben ")}


def guess(family: str) -> str:
    """The group by which a surname is counted; "other" is everybody whose name is in no list."""
    name = fold(family)
    words = name.split()
    if not words:
        return "no surname"
    for group, known in _WORDS.items():
        if not known.isdisjoint(words):
            return group
    for group, beginnings in _BEGINNINGS.items():
        if name.startswith(beginnings):
            return group
    for group, endings in _ENDINGS.items():
        if len(words[-1]) > 4 and words[-1].endswith(endings):
            return group
    return OTHER
