"""What every figure can do: be read as text, drawn as SVG, stand in HTML and in a notebook, be saved."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from konv.errors import KonvError
from konv.explain.figures.svg import Sheet
from konv.explain.languages.messages import check_language


class Figure:
    """A subclass gives `lines` and `sheet`; both lay out the facts that it holds."""

    lang = "en"
    called = "a figure"

    def lines(self, lang: str) -> Iterable[str]:
        """The figure in words."""
        raise NotImplementedError

    def sheet(self, lang: str) -> Sheet:
        """The figure as shapes."""
        raise NotImplementedError

    def pixel_files(self) -> dict[str, Callable[[Path], Any]]:
        """By the ending of a file, what writes the figure as pixels."""
        return {}

    def text(self, lang: str | None = None) -> str:
        """The figure in words, line by line."""
        return "\n".join(self.lines(check_language(lang or self.lang)))

    def svg(self, lang: str | None = None) -> str:
        """The figure as SVG, for light and for dark paper."""
        return self.sheet(check_language(lang or self.lang)).render()

    def html(self, lang: str | None = None) -> str:
        """The drawing, and the text to unfold below it."""
        language = check_language(lang or self.lang)
        return (f'<figure lang="{language}" style="margin:0;max-width:100%;overflow-x:auto">{self.svg(language)}'
                f"<figcaption><pre>{escape(self.text(language))}</pre></figcaption></figure>")

    def save(self, path: str | Path, lang: str | None = None) -> Path:
        """Write the figure to a file; its ending says as what: .svg, .html or .txt, a contact sheet as .png, a film as .gif."""
        target = Path(path)
        ending, pictures = target.suffix.lower(), self.pixel_files()
        texts = {".svg": self.svg, ".html": self.html, ".txt": self.text}
        if ending in pictures:
            pictures[ending](target)
        elif ending in texts:
            text = texts[ending](lang)
            page = f'<!doctype html>\n<meta charset="utf-8">\n<title>konv</title>\n{text}\n'
            target.write_text(page if ending == ".html" else text, encoding="utf-8")
        else:
            raise KonvError(f"{self.called} is saved as {', '.join([*pictures, *texts])}, got {target.name!r}")
        return target

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()


def drawn(count: int, most: int) -> range:
    """Which of so many parts are drawn: all, or of more than `most` the first, so that there is room for a word about the rest.

    >>> drawn(4, 4), drawn(5, 4)
    (range(0, 4), range(0, 3))
    """
    return range(count if count <= most else most - 1)


def save_gif(frames: Sequence[Any], path: Path, seconds: float) -> None:
    """Write Pillow images as a film that begins again, each shown for so long."""
    first, *others = frames
    first.save(path, save_all=True, append_images=others, duration=max(20, round(seconds * 1000)), loop=0)
