"""The languages of explanations, and the one that is spoken where none is asked for."""

from konv.errors import KonvError

LANGUAGES = ("en", "ko")
_default = ["en"]


def language() -> str:
    """The language of what is said where none is asked for.

    >>> language()
    'en'
    """
    return _default[0]


def set_language(lang: str) -> None:
    """Say everything in this language where none is asked for: in notebooks, and by `explain()` and figures without lang=.

    >>> set_language("en")
    """
    _default[0] = check_language(lang)


def check_language(lang: str | None) -> str:
    """The language in lower case, the one that is set for None, or an error that lists those there are."""
    if lang is None:
        return language()
    if not isinstance(lang, str) or lang.lower() not in LANGUAGES:
        raise KonvError(f'explain: lang must be one of {", ".join(map(repr, LANGUAGES))}, got {lang!r}')
    return lang.lower()
