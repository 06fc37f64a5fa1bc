"""A sheet of SVG: shapes and texts on a page that names itself, and that is legible on light and on dark paper.

Nothing here knows what is drawn. Text is escaped here and nowhere else.
"""

import unicodedata
from collections.abc import Sequence
from html import escape

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

    def __init__(self, title: str, description: str, margin: float = 14):
        self.title, self.description, self.margin = title, description, margin
        self._shapes: list[str] = []
        self._left = self._top = float("inf")
        self._right = self._bottom = float("-inf")

    def reach(self, *points: tuple[float, float]) -> None:
        """The page is to hold these points."""
        for x, y in points:
            self._left, self._right = min(self._left, x), max(self._right, x)
            self._top, self._bottom = min(self._top, y), max(self._bottom, y)

    @property
    def corner(self) -> tuple[float, float]:
        """The left end and the bottom of what has been drawn."""
        return self._left, self._bottom

    @property
    def top(self) -> float:
        """Where what has been drawn begins."""
        return self._top

    def add(self, shape: str) -> None:
        """A shape as SVG; whoever adds it says how far it reaches."""
        self._shapes.append(shape)

    def rect(self, x: float, y: float, width: float, height: float, style: str, opacity: float = 1.0, **more) -> None:
        """`style` is a class of COLOURS, with -line for the outline alone."""
        self.reach((x, y), (x + width, y + height))
        faint = f' fill-opacity="{round(opacity, 2):g}"' if opacity < 1 else ""
        self.add(f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
                 f'class="{style}"{faint}{attributes(more)}/>')

    def line(self, points: Sequence[tuple[float, float]], style: str = "line-line", arrow: bool = False, **more) -> None:
        """A line through these points, with the head of an arrow at the last one if wanted."""
        self.reach(*points)
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.add(f'<path d="{path}" class="{style}"{attributes(more)}/>')
        if arrow:
            (x0, y0), (x1, y1) = points[-2:]
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
            dx, dy = (x1 - x0) / length * 6, (y1 - y0) / length * 6
            self.add(f'<path d="M{number(x1 - dx - dy / 2)} {number(y1 - dy + dx / 2)}L{number(x1)} {number(y1)}'
                     f'L{number(x1 - dx + dy / 2)} {number(y1 - dy - dx / 2)}" class="{style}"{attributes(more)}/>')

    def shape(self, corners: Sequence[tuple[float, float]], style: str, opacity: float) -> None:
        """A filled shape with these corners, and its outline."""
        self.reach(*corners)
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "Z"
        self.add(f'<path d="{path}" class="{style}" fill-opacity="{round(opacity, 2):g}"/>')
        self.add(f'<path d="{path}" class="{style}-line"/>')

    def text(self, x: float, y: float, text: str, size: float = 12, style: str = "ink", anchor: str = "start",
             bold: bool = False) -> None:
        """One line of text; y is its middle. `anchor` is start, middle or end."""
        width = text_width(text, size)
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        self.reach((left, y - size * 0.6), (left + width, y + size * 0.6))
        weight = ' font-weight="600"' if bold else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.add(f'<text x="{number(x)}" y="{number(y + size * 0.35)}" font-size="{number(size)}" class="{style}"'
                 f'{place}{weight}>{escape(text)}</text>')

    def grid(self, x: float, y: float, rows: int, columns: int, cell: float, style: str = "line",
             fill: str | None = None, opacity: float = 0.14) -> None:
        """Cells side by side; where they would be smaller than 4 pixels only the outline."""
        width, height = columns * cell, rows * cell
        self.rect(x, y, width, height, fill or "blank", opacity if fill else 1.0)
        if cell >= 4:
            lines = [f"M{number(x)} {number(y + row * cell)}h{number(width)}" for row in range(1, rows)]
            lines += [f"M{number(x + column * cell)} {number(y)}v{number(height)}" for column in range(1, columns)]
            if lines:
                self.add(f'<path d="{"".join(lines)}" class="{style}-line" stroke-width="0.7"/>')
        self.rect(x, y, width, height, f"{style}-line")

    def render(self) -> str:
        """The page as SVG text."""
        left, top = self._left - self.margin, self._top - self.margin
        width, height = self._right + self.margin - left, self._bottom + self.margin - top
        box = " ".join(map(number, (left, top, width, height)))
        area = f'x="{number(left)}" y="{number(top)}" width="{number(width)}" height="{number(height)}"'
        return (f'<svg xmlns="http://www.w3.org/2000/svg" class="konv" role="img" viewBox="{box}" width="{number(width)}" '
                f'height="{number(height)}" font-family="{escape(FONT, quote=True)}">\n'
                f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>\n<style>{STYLE}</style>\n"
                f'<rect {area} class="paper"/>\n' + "\n".join(self._shapes) + "\n</svg>\n")


def number(value: float) -> str:
    """With one decimal at the most, so that a figure is the same text everywhere."""
    return f"{round(value, 1):g}"


def attributes(more: dict) -> str:
    """stroke_width=2 -> ' stroke-width="2"'."""
    return "".join(f' {name.replace("_", "-")}="{escape(str(value), quote=True)}"' for name, value in more.items())
