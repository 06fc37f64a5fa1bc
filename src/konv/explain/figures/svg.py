"""A sheet of SVG: shapes and texts on a page that names itself, and that is legible on light and on dark paper.

Nothing here knows what is drawn. Text is escaped here and nowhere else.
"""

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from html import escape
from typing import Any

Points = Sequence[tuple[float, float]]
# light, dark; of every class both a fill and a line are defined
COLOURS = {
    "paper": ("#ffffff", "#14181f"), "ink": ("#14181f", "#e8ecf2"), "quiet": ("#5b6472", "#9aa5b5"),
    "line": ("#aab4c2", "#4a5566"), "blank": ("#f4f6f9", "#1d232d"), "window": ("#d6336c", "#ff6b9d"),
    "c0": ("#1f6feb", "#6cb0ff"), "c1": ("#b25e00", "#f0a850"), "c2": ("#1a7f37", "#5ccf7a"), "c3": ("#8250df", "#c39bff"),
}
CHANNELS = 4  # colours of channels; further ones begin again


def _rules(shade: int) -> str:
    """Begun with the class of the drawing, so that a page that holds it keeps its own style."""
    return "".join(f"svg.konv .{name}{{fill:{shades[shade]}}}svg.konv .{name}-line{{stroke:{shades[shade]};fill:none}}"
                   for name, shades in COLOURS.items())


STYLE = f"{_rules(0)}@media (prefers-color-scheme:dark){{{_rules(1)}}}"
FONT = "system-ui,'Noto Sans','Noto Sans KR','Malgun Gothic','Apple SD Gothic Neo',sans-serif"


def text_width(text: str, size: float) -> float:
    """About how wide a text is; a Korean letter is as wide as it is high.

    >>> text_width("filter", 10), text_width("필터", 10)
    (34.8, 20.0)
    """
    wide = wide_letters(text)
    return round(size * (wide + 0.58 * (len(text) - wide)), 1)


def wide_letters(text: str) -> int:
    """How many letters are twice as wide as others, such as those of Korean."""
    return sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def colour(channel: int) -> str:
    """The class of a channel's colour."""
    return f"c{channel % CHANNELS}"


class Sheet:
    """Collects shapes; `render` puts them on a page as large as they need.

    >>> sheet = Sheet("a <title>", "what is to be seen")
    >>> sheet.text(0, 10, "1 < 2")
    >>> sheet.render().startswith("<svg"), "1 &lt; 2" in sheet.render()
    (True, True)
    """

    def __init__(self, title: str, description: str, margin: float = 14) -> None:
        self.title, self.description, self.margin = title, description, margin
        self._shapes: list[str] = []
        self.left = self.top = float("inf")  # how far what has been drawn reaches
        self.right = self.bottom = float("-inf")

    def reach(self, *points: tuple[float, float]) -> None:
        """The page is to hold these points."""
        for x, y in points:
            self.left, self.right = min(self.left, x), max(self.right, x)
            self.top, self.bottom = min(self.top, y), max(self.bottom, y)

    def add(self, shape: str) -> None:
        """A shape as SVG; whoever adds it says how far it reaches."""
        self._shapes.append(shape)

    def rect(self, x: float, y: float, width: float, height: float, style: str, opacity: float = 1.0, **more: Any) -> None:
        """`style` is a class of COLOURS, with -line for the outline alone."""
        self.reach((x, y), (x + width, y + height))
        faint = {"fill-opacity": f"{round(opacity, 2):g}"} if opacity < 1 else {}
        self.add(f'<rect {box(x, y, width, height)} class="{style}"{attributes(faint | more)}/>')

    def circle(self, x: float, y: float, radius: float, style: str, **more: Any) -> None:
        """A mark inside of what is drawn: a disc, or with -line its outline alone."""
        self.add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" class="{style}"{attributes(more)}/>')

    def line(self, points: Points, style: str = "line-line", arrow: bool = False, **more: Any) -> None:
        """A line through these points, with the head of an arrow at the last one if wanted."""
        self.reach(*points)
        self.add(f'<path d="{_path(points)}" class="{style}"{attributes(more)}/>')
        if arrow:
            (x0, y0), (x1, y1) = points[-2:]
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
            dx, dy = (x1 - x0) / length * 6, (y1 - y0) / length * 6
            head = _path([(x1 - dx - dy / 2, y1 - dy + dx / 2), (x1, y1), (x1 - dx + dy / 2, y1 - dy - dx / 2)])
            self.add(f'<path d="{head}" class="{style}"{attributes(more)}/>')

    def shape(self, corners: Points, style: str, opacity: float) -> None:
        """A filled shape with these corners, and its outline."""
        self.reach(*corners)
        path = _path(corners) + "Z"
        self.add(f'<path d="{path}" class="{style}" fill-opacity="{round(opacity, 2):g}"/>')
        self.add(f'<path d="{path}" class="{style}-line"/>')

    def text(self, x: float, y: float, text: str, size: float = 12, style: str = "ink", anchor: str = "start",
             bold: bool = False) -> None:
        """One line of text; y is its middle. `anchor` is start, middle or end."""
        width = text_width(text, size)
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        self.reach((left, y - size * 0.6), (left + width, y + size * 0.6))
        more = ({} if anchor == "start" else {"text-anchor": anchor}) | ({"font-weight": "600"} if bold else {})
        self.add(f'<text x="{number(x)}" y="{number(y + size * 0.35)}" font-size="{number(size)}" class="{style}"'
                 f'{attributes(more)}>{escape(text)}</text>')

    def heading(self, text: str, above: float) -> None:
        """The title, so far above everything that has been drawn."""
        self.text(self.left, self.top - above, text, 14, bold=True)

    def notes(self, lines: Iterable[str], inked: Container[int] = ()) -> None:
        """Lines below everything that has been drawn, quiet but for those whose numbers are `inked`."""
        left, bottom = self.left, self.bottom
        for place, line in enumerate(lines):
            self.text(left, bottom + 26 + 18 * place, line, 12, "ink" if place in inked else "quiet")

    def grid(self, x: float, y: float, rows: int, columns: int, cell: float, style: str = "line", filled: float = 0) -> None:
        """Cells side by side, `filled` with their colour or blank; those smaller than 4 pixels are left out."""
        width, height = columns * cell, rows * cell
        self.rect(x, y, width, height, style if filled else "blank", filled or 1.0)
        if cell >= 4:
            lines = [f"M{number(x)} {number(y + row * cell)}h{number(width)}" for row in range(1, rows)]
            lines += [f"M{number(x + column * cell)} {number(y)}v{number(height)}" for column in range(1, columns)]
            if lines:
                self.add(f'<path d="{"".join(lines)}" class="{style}-line" stroke-width="0.7"/>')
        self.rect(x, y, width, height, f"{style}-line")

    def render(self) -> str:
        """The page as SVG text."""
        left, top = self.left - self.margin, self.top - self.margin
        width, height = self.right + self.margin - left, self.bottom + self.margin - top
        view = " ".join(map(number, (left, top, width, height)))
        return (f'<svg xmlns="http://www.w3.org/2000/svg" class="konv" role="img" viewBox="{view}" width="{number(width)}" '
                f'height="{number(height)}" font-family="{escape(FONT, quote=True)}">\n'
                f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>\n<style>{STYLE}</style>\n"
                f'<rect {box(left, top, width, height)} class="paper"/>\n' + "\n".join(self._shapes) + "\n</svg>\n")


def box(x: float, y: float, width: float, height: float) -> str:
    """The attributes that say where a shape lies."""
    return f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'


def _path(points: Points) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def number(value: float) -> str:
    """With one decimal at the most, so that a figure is the same text everywhere."""
    return f"{round(value, 1):g}"


def attributes(more: Mapping[str, Any]) -> str:
    """stroke_width=2 -> ' stroke-width="2"'."""
    return "".join(f' {name.replace("_", "-")}="{escape(str(value), quote=True)}"' for name, value in more.items())
