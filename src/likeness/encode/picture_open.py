"""A picture as pixels: from the shop's own files or given bytes, never from the network, and never at any price.

Every picture that cannot be used has a reason of REASONS, so that it can be counted; none is a crash.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageOps

from likeness.encode.picture_look import Picture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MOST_BYTES = 32 * 2**20
MOST_PIXELS = 50_000_000  # a small file may unpack to any size; this many take 200 MB
LEAST_SIDE = 8  # pixels: less shows nothing
REASONS = {
    "no_picture": "the item names none",
    "remote": "an address; only files in the shop's folder are read",
    "outside": "a path that leads out of the shop's folder",
    "missing": "no such file",
    "not_a_picture": f"no {', '.join(FORMATS)}",
    "animated": "more than one frame",
    "too_small": f"a side below {LEAST_SIDE} pixels",
    "too_large": f"more than {MOST_BYTES // 2**20} MB or {MOST_PIXELS:,} pixels",
    "damaged": "it cannot be unpacked",
}
"""Why a picture was not used."""


class Unusable(Exception):
    """A picture that cannot be used; `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(REASONS[reason])
        self.reason = reason


def open_picture(picture: Picture, root: Path | None, side: int) -> Image.Image:
    """Return the picture upright in RGB on white, at most `side` pixels wide and high. Raises Unusable.

    Paths are relative to `root`; without it only bytes are read.
    """
    data = picture if isinstance(picture, bytes) else _bytes_of(picture, root)
    if len(data) > MOST_BYTES:
        raise Unusable("too_large")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow warns of is refused here
        try:
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError:
            raise Unusable("too_large") from None
        except Exception:  # a parser of hostile bytes raises anything
            raise Unusable("not_a_picture") from None
        _check(opened)
        try:
            return _small(opened, side)
        except Exception:  # likewise
            raise Unusable("damaged") from None


def _check(opened: Any) -> None:
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise Unusable("too_large")
    if min(width, height) < LEAST_SIDE:
        raise Unusable("too_small")
    try:  # a JPEG of several pictures (MPO: a preview, the other eye) shows the first
        animated = opened.format != "MPO" and getattr(opened, "is_animated", False)
    except Exception:  # counting the frames reads the file
        raise Unusable("damaged") from None
    if animated:
        raise Unusable("animated")


def _small(opened: Image.Image, side: int) -> Image.Image:
    opened.draft("RGB", (2 * side, 2 * side))  # a JPEG unpacks at an eighth of its size for an eighth of the time
    transparent = opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info
    picture = opened.convert("RGBA" if transparent else "RGB")
    picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    ImageOps.exif_transpose(picture, in_place=True)
    if transparent:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    width, height = picture.size  # a ribbon must keep some width
    return picture.resize((max(width, LEAST_SIDE), max(height, LEAST_SIDE)))


def _bytes_of(picture: str | Path | None, root: Path | None) -> bytes:
    path = _inside(picture, root)
    try:
        if not path.is_file():
            raise Unusable("missing")
        if path.stat().st_size > MOST_BYTES:
            raise Unusable("too_large")
        return path.read_bytes()
    except OSError:
        raise Unusable("missing") from None


def _inside(picture: str | Path | None, root: Path | None) -> Path:
    """Return the file meant, links followed, if it lies below `root`."""
    text = str(picture).strip() if picture is not None else ""
    if not text:
        raise Unusable("no_picture")
    if "://" in text or text.startswith(("//", "data:")):
        if not text.startswith("file:///"):
            raise Unusable("remote")
        text = unquote(urlsplit(text).path)
    if root is None:
        raise Unusable("outside")
    try:
        home = root.resolve()
        path = (home / text).resolve()
    except (OSError, ValueError, RuntimeError):  # a null character, a ring of links
        raise Unusable("missing") from None
    if not path.is_relative_to(home):
        raise Unusable("outside")
    return path
