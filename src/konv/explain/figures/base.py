"""What every figure can do: be read as text, drawn as SVG, stand in HTML and in a notebook, be saved."""

from html import escape
from pathlib import Path

from konv.errors import KonvError
from konv.explain.languages.messages import check_language


class Figure:
    """A subclass gives `text` and `svg`; both lay out the facts that it holds."""

    lang = "en"

    def text(self, lang: str | None = None) -> str:
        raise NotImplementedError

    def svg(self, lang: str | None = None) -> str:
        raise NotImplementedError

    def html(self, lang: str | None = None) -> str:
        """The drawing, and the text to unfold below it."""
        language = check_language(lang or self.lang)
        return (f'<figure lang="{language}" style="margin:0;max-width:100%;overflow-x:auto">{self.svg(language)}'
                f"<figcaption><pre>{escape(self.text(language))}</pre></figcaption></figure>")

    def save(self, path: str | Path, lang: str | None = None) -> Path:
        """Write the figure to a file; its ending says as what: .svg, .html or .txt."""
        target = Path(path)
        ways = {".svg": self.svg, ".html": self.html, ".txt": self.text}
        if target.suffix.lower() not in ways:
            raise KonvError(f"a figure is saved as {', '.join(ways)}, got {target.name!r}")
        text = ways[target.suffix.lower()](lang)
        if target.suffix.lower() == ".html":
            text = f'<!doctype html>\n<meta charset="utf-8">\n<title>konv</title>\n{text}\n'
        target.write_text(text, encoding="utf-8")
        return target

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()
