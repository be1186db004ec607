"""What stands before the ground: a picture in Lab, a mask of its foreground, and a square cut around it.

The margin tells the colours of the ground; what is unlike them is a first guess of the foreground, and two histograms
of colour, of the guess and of the rest, then correct it (as in GrabCut, Rother et al. 2004, without its graph).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

CUT = 64  # pixels of the square around the foreground
ROUNDS = 3  # times the guess is corrected
LEVELS = (10, 20, 20)  # of L, a and b in the two histograms
FAINT = 0.1  # a pixel that belongs less surely is ground
EDGE = 0.02  # of the foreground's mass left outside the cut, on each side
SOFT = 0.1  # share at which a pixel's belonging goes from a quarter to three quarters


def foreground(lab: Plane) -> Plane:
    """Return (h, w) in 0 to 1: how surely each pixel of (h, w, 3) Lab stands before the ground."""
    y, x = (np.linspace(-1.0, 1.0, size, dtype=np.float32) for size in lab.shape[:2])
    middle = np.exp(-0.5 * np.square(np.square(x / 0.8) + np.square(y / 0.8)[:, None]))  # things stand in the middle
    unlike = _unlike_margin(lab) * middle
    threshold = _between(unlike)
    mask = 1.0 / (1.0 + np.exp(np.clip((threshold - unlike) / (0.15 * threshold + 1e-3), -30, 30)))
    count = int(np.prod(LEVELS))
    levels = (np.clip(lab + np.array([0.0, 0.5, 0.5]), 0.0, 0.999) * np.array(LEVELS)).astype(np.int64)
    code = np.ravel_multi_index(tuple(np.moveaxis(levels, -1, 0)), LEVELS)
    for _ in range(ROUNDS):
        before = np.bincount(code.ravel(), (mask * middle).ravel(), count)
        behind = np.bincount(code.ravel(), (1.0 - mask * middle).ravel(), count)
        before, behind = before / max(before.sum(), 1e-9), behind / max(behind.sum(), 1e-9)
        share = _blurred(((before + 1e-5) / (before + behind + 2e-5))[code]) * np.minimum(1.5 * middle, 1.0)
        mask = 1.0 / (1.0 + np.exp((0.5 - share) / SOFT))
    mask = np.where(mask < FAINT, 0.0, mask)
    return np.asarray(mask if mask.any() else np.ones_like(mask), np.float32)  # one colour all over is all there is


def _unlike_margin(lab: Plane) -> Plane:
    """Return (h, w) the distance to the nearest of the four margins' median colours; light counts half."""
    h, w, _ = lab.shape
    rim = max(1, min(h, w) // 16)
    sides = (lab[:rim], lab[-rim:], lab[:, :rim], lab[:, -rim:])
    grounds = [np.median(side.reshape(-1, 3), axis=0) for side in sides]
    far = [np.square(lab - ground) @ np.array([0.5, 1.0, 1.0], np.float32) for ground in grounds]
    return np.asarray(np.sqrt(np.min(far, axis=0)), np.float32)


def _blurred(plane: Plane) -> Plane:
    """Return the mean over 3 x 3 pixels."""
    padded = np.pad(plane, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9.0, np.float32)


def _between(values: Plane) -> float:
    """Return the threshold that parts values best into two groups (Otsu 1979)."""
    counts, edges = np.histogram(values, 64)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    mass = np.cumsum(counts * middle)
    above = below[-1] - below
    apart = np.square(mass * below[-1] - mass[-1] * below) / np.maximum(below * above, 1)
    return float(middle[int(np.argmax(apart[:-1]))])


def cut_out(picture: Image.Image) -> tuple[Plane, Plane, float]:
    """Return the (CUT, CUT, 3) Lab cut around the foreground, its (CUT, CUT) mask, and log(height / width)."""
    mask = foreground(to_lab(np.asarray(picture, np.float32)))
    top, bottom = _span(mask.sum(axis=1))
    left, right = _span(mask.sum(axis=0))
    box, size = (left, top, right, bottom), (CUT, CUT)
    cut = picture.resize(size, Image.Resampling.BILINEAR, box=box)
    small = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR, box=box)
    return to_lab(np.asarray(cut, np.float32)), np.asarray(small), float(np.log((bottom - top) / (right - left)))


def _span(mass: Plane) -> tuple[int, int]:
    """Return where the foreground begins and ends, at least a quarter of the picture apart."""
    share = np.cumsum(mass) / max(float(mass.sum()), 1e-9)
    begin, end = int(np.searchsorted(share, EDGE)), int(np.searchsorted(share, 1 - EDGE)) + 1
    missing = max(0, len(mass) // 4 - (end - begin))
    begin = min(max(0, begin - (missing + 1) // 2), len(mass) - 2)
    return begin, min(len(mass), max(end + missing // 2, begin + 2))


def to_lab(rgb: Plane) -> Plane:
    """Return CIE Lab (D65) of 0..255 sRGB, divided by 100; (h, w, 3) both."""
    linear = LINEAR[rgb.astype(np.uint8)]
    xyz = linear @ XYZ
    root = np.cbrt(xyz)
    f = np.where(xyz > 0.008856, root, 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([1.16 * y - 0.16, 5.0 * (x - y), 2.0 * (y - z)], axis=-1).astype(np.float32)


_LEVELS = np.arange(256) / 255.0
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
XYZ = (
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    / np.array([[0.9505], [1.0], [1.089]])
).T.astype(np.float32)
