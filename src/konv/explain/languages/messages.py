"""What explanations say, in English and in Korean: the table of messages.toml, and the language that is spoken.

A sentence is found by its key and language, and its fields are filled in. Korean particles suit the word before them.
"""

import re
import tomllib
from importlib import resources
from typing import Any

from konv.errors import KonvError

LANGUAGES = ("en", "ko")
MESSAGES: dict[str, dict[str, str]] = tomllib.loads(
    resources.files("konv.explain.languages").joinpath("messages.toml").read_text(encoding="utf-8"))
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


# "1 units" in a sentence whose number came out as one
_ONE = re.compile(r"(?<![\d,.])(1 (?:channel|filter|input|unit|value|feature map))s\b")


def say(key: str, lang: str, **fields: Any) -> str:
    """The sentence of that key with its fields filled in.

    >>> say("padding_sides", "ko", top=0, bottom=1, left=0, right=1)
    '패딩: 위 0, 아래 1, 왼쪽 0, 오른쪽 1'
    """
    told = {name: f"{value:,}" if type(value) is int else value for name, value in fields.items()}
    text = MESSAGES[key][lang].format(**told)
    return _ONE.sub(r"\1", text) if lang == "en" else with_particles(text)


# a particle that waits for what stands before it: behind a consonant, behind a vowel
_PARTICLES = {"을(를)": ("을", "를"), "이(가)": ("이", "가"), "은(는)": ("은", "는"), "와(과)": ("과", "와"),
              "(으)로": ("으로", "로")}
_WAITING = re.compile("|".join(map(re.escape, _PARTICLES)))
# how a digit, or the last letter of a word, ends when it is said in Korean: 1 is 일, "conv" is 컨브, "pool" is 풀
_CONSONANTS = {**dict.fromkeys("036bckmnpt", "ㄱ"), **dict.fromkeys("178l", "ㄹ")}


def with_particles(text: str) -> str:
    """A Korean sentence whose particles suit the numbers and names before them.

    >>> with_particles("축 3을(를) 따라, 축 2을(를) 따라, (3, 28)(으)로, 10(으)로")
    '축 3을 따라, 축 2를 따라, (3, 28)로, 10으로'
    """
    def chosen(match: re.Match) -> str:
        before = re.sub(r"[^\w]+$", "", text[:match.start()])
        if not before or text[match.start() - 1] == "}":  # a field that is filled in later
            return match[0]
        end = _end(before[-1].lower())
        closed, opened = _PARTICLES[match[0]]
        return opened if not end or (match[0] == "(으)로" and end == "ㄹ") else closed

    return _WAITING.sub(chosen, text)


def _end(letter: str) -> str:
    """The consonant that a letter ends with when it is said, ㄱ standing for all but ㄹ; nothing for a vowel."""
    if "가" <= letter <= "힣":
        last = (ord(letter) - ord("가")) % 28
        return "" if not last else "ㄹ" if last == 8 else "ㄱ"
    return _CONSONANTS.get(letter, "")
