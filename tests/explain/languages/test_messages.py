"""The message table: every key in every language, with the same fields, and no equals sign that is not an equation."""

import re
import string

import pytest

import konv
from konv.errors import KonvError
from konv.explain.languages.messages import LANGUAGES, MESSAGES, check_language, say, with_particles
from konv.explain.report.page import WORDS
from konv.ir.array_ops import BINARY, REDUCTIONS
from konv.ir.augment_ops import FILL_MODES, MAPS


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("key", MESSAGES)
def test_every_language_says_the_same(key):
    assert set(MESSAGES[key]) == set(LANGUAGES)
    english, korean = (MESSAGES[key][lang] for lang in LANGUAGES)
    assert set(fields(english)) == set(fields(korean))
    assert english.strip() == english != ""
    assert korean.strip() == korean != ""
    assert "=" not in english + korean


@pytest.mark.parametrize("term", [
    "합성곱", "특성 맵", "필터", "커널", "스트라이드", "패딩", "완전 연결층", "배치 정규화", "풀링"])
def test_terms_of_korean_textbooks(term):
    assert any(term in message["ko"] for message in MESSAGES.values())


def test_every_message_is_used():
    """A key that nothing says would be translated for nobody."""
    from pathlib import Path

    import konv.explain

    folder = Path(konv.explain.__file__).parent
    source = "".join(path.read_text() for path in sorted(folder.rglob("*.[jp][sy]")) if not path.name.startswith("messages"))
    made = {*(f"binary_{name}" for name in BINARY), *(f"reduce_{kind}" for kind in REDUCTIONS),
            "pool_max", "pool_average", "global_max", "global_average", "extent_height", "extent_width",
            "padding_height", "padding_width", "extent_length", "padding_length", "height", "width", "length", "brightness",
            "contrast", "reach_rows",
            "reach_columns",
            *(f"legend_{op}_parameters{bias}" for op in ("conv", "depthwise", "dense") for bias in ("", "_no_bias")),
            "legend_group_channels", "legend_group_filters",
            *(f"legend_spread{rule}" for rule in ("", "_same", "_extra", "_same_extra")),
            *(f"code_axis_{name}" for name in ("rows", "columns", "time", "channels", "filters", "multiplier")),
            *MAPS[3:6], *(f"flip_{kind}" for kind in MAPS[:3]), *(f"fill_{mode}" for mode in FILL_MODES)}
    used = [key.removesuffix("_steps") for key in MESSAGES]  # those for sequences are found by those for images
    assert [key for key in used if f'"{key}"' not in source and key not in made] == []


def test_unknown_language():
    with pytest.raises(KonvError, match="lang must be one of 'en', 'ko', got 'fr'"):
        check_language("fr")


@pytest.mark.parametrize("lang", ["KO", "Ko"])
def test_languages_in_any_case(lang):
    layer = konv.layers.Flatten()
    layer.build((None, 2, 2))
    assert layer.explain(lang) == layer.explain("ko")


@pytest.mark.parametrize(("units", "told"), [(1, "each of 1 unit weighs all 1,024 inputs"), (2048, "each of 2,048 units")])
def test_numbers_of_things(units, told):
    assert told in say("dense", "en", units=units, inputs=1024)


def test_say():
    assert say("values", "ko", equation="2*2 = 4") == "값의 개수: 2*2 = 4"


@pytest.mark.parametrize(("text", "told"), [
    ("3을(를)", "3을"), ("2을(를)", "2를"), ("(3, 4)이(가)", "(3, 4)가"), ("(3, 10)이(가)", "(3, 10)이"), ("28(으)로", "28로"),
    ("10(으)로", "10으로"), ("커널은(는)", "커널은"), ("채널와(과)", "채널과"), ("필터와(과)", "필터와"),
    ('Dense "pool"(으)로', 'Dense "pool"로'),
    ("Flatten을(를)", "Flatten을"), ("axis을(를)", "axis를"), ("{layer}을(를)", "{layer}을(를)"), ("을(를)", "을(를)")])
def test_particles(text, told):
    assert with_particles(text) == told


def test_no_particle_waits_in_what_is_read():
    """Nor in the words that the page of a report fills in by itself."""
    for key, message in MESSAGES.items():
        told = say(key, "ko", **dict.fromkeys(fields(message["ko"]), "3"))
        assert not re.search(r"\((?:를|가|는|과|으)\)", told), key
    for key in WORDS:
        assert not re.search(r"\((?:를|가|는|과|으)\)", MESSAGES[key]["ko"]), key
