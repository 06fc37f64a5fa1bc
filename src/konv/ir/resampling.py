"""Which pixels of a row make a pixel of a longer or shorter one, and with which weights; half-pixel centres.

Every method is a short weighted sum. The weight of a pixel depends on its distance from the place where the row is
sampled; weights of one sum are divided by their total, so that the border is not darker.
"""

from collections.abc import Callable
from math import ceil, exp, floor, pi, sin
from struct import pack, unpack

Taps = tuple[tuple[int, float], ...]  # (pixel, weight)
NEGLIGIBLE = 1e-8  # a weight that float32 would not notice


# Keys 1981, equation 15, with a = -1/2: the coefficients of the cubic near the place, up to a distance of 1, and beyond
CUBIC = (1.5, -2.5, 0.0, 1.0), (-0.5, 2.5, -4.0, 2.0)


def _cubic(x: float) -> float:
    a, b, c, d = CUBIC[x >= 1]
    return ((a * x + b) * x + c) * x + d


def _sinc(x: float) -> float:
    return sin(pi * x) / (pi * x) if x else 1.0


def _mitchell(x: float) -> float:
    """Mitchell and Netravali 1988, equation 8, with B = C = 1/3."""
    if x < 1:
        return (7 * x - 12) * x * x / 6 + 8 / 9
    return ((-7 * x + 36) * x - 60) * x / 18 + 16 / 9


# method: (radius in pixels of the input, weight of a pixel at distance x from the place, 0 <= x <= radius)
KERNELS: dict[str, tuple[float, Callable[[float], float]]] = {
    "bilinear": (1, lambda x: 1 - x),
    "bicubic": (2, _cubic),
    "lanczos3": (3, lambda x: _sinc(x) * _sinc(x / 3)),
    "lanczos5": (5, lambda x: _sinc(x) * _sinc(x / 5)),
    "gaussian": (1.5, lambda x: exp(-2 * x * x)),  # standard deviation of half a pixel, cut at three
    "mitchellcubic": (2, _mitchell),
}
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")  # of operations
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")  # of data


def taps(size: int, target: int, method: str, antialias: bool = False, least: float = NEGLIGIBLE) -> list[Taps]:
    """For each of `target` pixels the pixels out of `size` that make it.

    With `antialias` the sum of a row that shrinks covers as many more pixels, so that none is left out. Weights up to `least`
    are left out.

    >>> taps(2, 4, "bilinear")
    [((0, 1.0),), ((0, 0.75), (1, 0.25)), ((0, 0.25), (1, 0.75)), ((1, 1.0),)]
    """
    if method == "nearest":
        # rounded as float32 is by XLA, which matters where a place falls between two pixels
        step = _rounded(size * _rounded(1 / target))
        return [((min(int(_rounded((place + 0.5) * step)), size - 1), 1.0),) for place in range(target)]
    scale = size / target
    if method == "area":
        return [_area(place * scale, (place + 1) * scale, size, ceil(scale)) for place in range(target)]
    radius, weight = KERNELS[method]
    wide = max(scale, 1.0) if antialias else 1.0
    return [_sum((place + 0.5) * scale - 0.5, radius * wide, lambda x: weight(x / wide), size, least)
            for place in range(target)]


def _rounded(value: float) -> float:
    return unpack("f", pack("f", value))[0]


def _sum(centre: float, reach: float, weight: Callable[[float], float], size: int, least: float) -> Taps:
    first = floor(centre - reach) + 1
    pixels = [pixel for pixel in range(max(first, 0), min(first + ceil(2 * reach), size)) if abs(pixel - centre) < reach]
    return _normalized([(pixel, weight(abs(pixel - centre))) for pixel in pixels], least)


def _area(left: float, right: float, size: int, most: int) -> Taps:
    """The mean over the interval that an output pixel covers."""
    pixels = range(floor(left), min(floor(left) + most, size - 1) + 1)
    return _normalized([(pixel, max(min(right, pixel + 1) - max(left, pixel), 0.0)) for pixel in pixels], 0.0)


def _normalized(terms: Taps | list[tuple[int, float]], least: float) -> Taps:
    total = sum(weight for _, weight in terms)
    return tuple((pixel, weight / total) for pixel, weight in terms if abs(weight) > least)
