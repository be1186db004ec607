"""What a picture looks like in numbers: colour, layout, outline, edges and surface of what stands before the ground.

All is measured on a small square cut around the foreground, so that neither size nor margin matters, and in a way that
the mirror image gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from likeness.encode.picture_ground import CUT, Plane, cut_out

CELLS = 8  # cells of the cut, each way
BINS = 9  # orientations of edges over half a turn (Dalal and Triggs 2005)
COLOURS = (5, 7, 7)  # levels of L, a and b
OUTLINE = 16  # cells of the outline, each way
SHAPES = np.linspace(-1.2, 1.2, 9)  # log(height / width) of the cut, spread over these
LENGTHS: Mapping[str, int] = {"colour": 245, "layout": 24, "outline": 137, "edges": 288, "surface": 60}
"""How many numbers each part has."""


def parts_of(picture: Image.Image) -> Mapping[str, Plane]:
    """Return the named parts of a descriptor, each a vector of length 1 (or 0)."""
    lab, mask, shape = cut_out(picture)
    outline = _mirrored(_pooled(mask, OUTLINE))
    return {
        "colour": _unit(np.sqrt(_colours(lab, mask))),
        "layout": _unit(_layout(lab, mask)),
        "outline": _unit(np.concatenate([outline.ravel() - outline.mean(), _shape(shape)])),
        "edges": _unit(_edges(lab[..., 0], mask)),
        "surface": _unit(np.sqrt(_surface(lab[..., 0], mask))),
    }


def _colours(lab: Plane, mask: Plane) -> Plane:
    """Return the foreground's histogram over COLOURS, each pixel shared between neighbouring levels."""
    scaled = lab * np.array([1.0, 0.7, 0.7]) + np.array([0.0, 0.5, 0.5])  # into 0..1; strong colours end in the last
    levels = np.array(COLOURS)
    place = np.clip(scaled, 0.0, 1.0).reshape(-1, 3) * (levels - 1)
    low = np.minimum(place.astype(int), levels - 2)
    rest = place - low
    steps = np.array([COLOURS[1] * COLOURS[2], COLOURS[2], 1])
    out = np.zeros(int(np.prod(levels)))
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(corner, rest, 1 - rest), axis=1) * mask.ravel()
        out += np.bincount((low + corner) @ steps, share, len(out))
    return np.asarray(out / max(out.sum(), 1e-9), np.float32)


def _layout(lab: Plane, mask: Plane) -> Plane:
    """Return the mean colour of the foreground in 4 x 4 places, less its mean over all of it."""
    weight = _pooled(mask, 4) + 1e-3
    means = _pooled(lab * mask[..., None], 4) / weight[..., None]
    share = weight / weight.sum()
    centred = means - (means * share[..., None]).sum(axis=(0, 1))
    return _mirrored(centred * np.sqrt(share)[..., None]).ravel()


def _shape(shape: float) -> Plane:
    near = np.exp(-0.5 * np.square((shape - SHAPES) / 0.3))
    return np.asarray(2.0 * near / np.linalg.norm(near).clip(1e-6), np.float32)


def _edges(light: Plane, mask: Plane) -> Plane:
    """Return histograms of oriented gradients of light and of the mask's outline, normalised over 2 x 2 cells."""
    vertical, across = np.gradient(light)
    mask_vertical, mask_across = np.gradient(mask)
    vertical, across = vertical * mask + 0.5 * mask_vertical, across * mask + 0.5 * mask_across
    strength = np.hypot(vertical, across)
    turn = (np.arctan2(vertical, across) / np.pi) % 1.0 * BINS
    low = turn.astype(int)
    rest = turn - low
    step = CUT // CELLS
    cell = (np.arange(CUT) // step)[:, None] * CELLS + np.arange(CUT) // step
    out = np.zeros(CELLS * CELLS * BINS)
    for share, bin_ in ((1 - rest, low % BINS), (rest, (low + 1) % BINS)):
        out += np.bincount((cell * BINS + bin_).ravel(), (strength * share).ravel(), len(out))
    cells = _normalised(out.reshape(CELLS, CELLS, BINS).astype(np.float32))
    other = cells[:, ::-1, (-np.arange(BINS)) % BINS]  # the mirror image turns the orientations too
    both = (cells + other)[:, : CELLS // 2]  # less its mean: that there is an edge says little
    return np.asarray((both - both.mean(axis=2, keepdims=True)).ravel(), np.float32)


def _normalised(cells: Plane) -> Plane:
    """Return cells over the strength around them, cut at 0.4."""
    energy = np.pad(np.square(cells).sum(axis=2), 1, mode="edge")
    blocks = energy[:-1, :-1] + energy[1:, :-1] + energy[:-1, 1:] + energy[1:, 1:]  # (9, 9), each of 2 x 2 cells
    around = np.sqrt((blocks[:-1, :-1] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[1:, 1:]) / 4 + 1e-3)
    return np.asarray(np.minimum(cells / around[..., None], 0.4), np.float32)


def _surface(light: Plane, mask: Plane) -> Plane:
    """Return rotation-invariant uniform local binary patterns (Ojala et al. 2002) at two distances, by height."""
    found = [_patterns(light, mask, distance) for distance in (1, 3)]
    return np.concatenate(found)


def _patterns(light: Plane, mask: Plane, distance: int) -> Plane:
    d, n = distance, CUT - 2 * distance
    middle = light[d : d + n, d : d + n]
    ring = ((0, 0), (0, d), (0, 2 * d), (d, 2 * d), (2 * d, 2 * d), (2 * d, d), (2 * d, 0), (d, 0))
    bits = np.array([light[y : y + n, x : x + n] > middle + 0.01 for y, x in ring])  # 1 % of light is noise
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    code = np.where(changes <= 2, bits.sum(axis=0), 9)
    third = np.arange(n) * 3 // n
    weight = mask[d : d + n, d : d + n]
    out = np.bincount((third[:, None] * 10 + code).ravel(), weight.ravel(), 30)
    return np.asarray(out / max(out.sum(), 1e-9), np.float32)


def _pooled(plane: Plane, cells: int) -> Plane:
    """Return the means over a grid of cells; (CUT, CUT, ...) to (cells, cells, ...)."""
    step = CUT // cells
    return np.asarray(plane.reshape(cells, step, cells, step, *plane.shape[2:]).mean(axis=(1, 3)), np.float32)


def _mirrored(cells: Plane) -> Plane:
    """Return the left half of the mean of a grid and its mirror image."""
    return np.asarray((cells + cells[:, ::-1])[:, : cells.shape[1] // 2] / 2, np.float32)


def _unit(values: Plane) -> Plane:
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), np.float32)
