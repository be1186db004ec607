"""Pictures: the descriptor sees what it should, and no file, however bad, does more than give a zero row."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from likeness.encode import picture_open
from likeness.encode.image import ImageEncoder, load_image_encoder
from likeness.encode.picture_descriptor import Descriptor
from likeness.encode.picture_open import REASONS
from likeness.errors import ConfigError

SHAPES = ("circle", "bar", "triangle")
COLOURS = ("crimson", "royalblue", "seagreen")


def drawn(shape: str, colour: str, *, size: int = 200, ground: str = "white", margin: float = 0.2) -> Image.Image:
    picture = Image.new("RGB", (size, size), ground)
    draw, a, b = ImageDraw.Draw(picture), size * margin, size * (1 - margin)
    match shape:
        case "circle":
            draw.ellipse((a, a, b, b), colour)
        case "bar":
            draw.rectangle((size * 0.42, a, size * 0.58, b), colour)
        case _:
            draw.polygon(((a, b), (b, b), (a, a)), colour)
    return picture


def saved(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.fixture
def encoder(tmp_path: Path) -> Descriptor:
    return Descriptor(root=tmp_path)


def test_it_keeps_the_port(encoder: Descriptor) -> None:
    assert isinstance(encoder, ImageEncoder)
    pictures = [saved(drawn(shape, "crimson")) for shape in SHAPES]
    found = encoder.encode([*pictures, None])
    assert found.shape == (4, encoder.embedding_dim) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 0], atol=1e-5)
    assert (found == encoder.encode([*pictures, None])).all()
    assert (found[1:2] == encoder.encode(pictures[1:2])).all()
    assert encoder.encode([]).shape == (0, encoder.embedding_dim)


def test_likeness_is_of_shape_and_colour(encoder: Descriptor) -> None:
    every = [(shape, colour) for shape in SHAPES for colour in COLOURS]
    vectors = encoder.encode([saved(drawn(*one)) for one in every])
    alike = vectors @ vectors.T
    for i, (shape, colour) in enumerate(every):
        same_shape = [alike[i, j] for j, other in enumerate(every) if other[0] == shape and j != i]
        other_shape = [alike[i, j] for j, other in enumerate(every) if other[0] != shape and other[1] != colour]
        same_colour = [alike[i, j] for j, other in enumerate(every) if other[0] != shape and other[1] == colour]
        assert min(same_shape) > max(other_shape)
        assert np.mean(same_colour) > np.mean(other_shape)


@pytest.mark.parametrize("change", ["size", "margin", "mirror", "jpeg"])
def test_size_margin_side_and_container_hardly_matter(encoder: Descriptor, change: str) -> None:
    picture = drawn("triangle", "crimson", size=400)
    match change:
        case "size":
            other = saved(drawn("triangle", "crimson", size=120))
        case "margin":
            other = saved(drawn("triangle", "crimson", size=400, margin=0.3))
        case "mirror":
            other = saved(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
        case _:
            other = saved(picture, "JPEG", quality=80)
    one, two = encoder.encode([saved(picture), other])
    different = encoder.encode([saved(drawn("bar", "royalblue"))])[0]
    assert one @ two > 0.85 > one @ different + 0.2


def test_transparent_is_white_and_upright_is_as_the_camera_says(encoder: Descriptor) -> None:
    picture = drawn("bar", "crimson")
    clear = picture.convert("RGBA")
    clear.putalpha(Image.fromarray(np.where(np.asarray(picture).min(axis=2) == 255, 0, 255).astype(np.uint8)))
    tilted = Image.Exif()
    tilted[0x0112] = 6  # a quarter turn
    turned = saved(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=tilted)
    plain, *others = encoder.encode([saved(picture), saved(clear), turned])
    assert all(plain @ other > 0.95 for other in others)


def test_one_colour_and_grey_and_narrow_pictures_are_no_reason_to_fail(encoder: Descriptor) -> None:
    odd = [
        Image.new(mode, size) for mode in ("RGB", "L", "1", "P", "CMYK", "I;16", "LA") for size in ((8, 8), (9, 700))
    ]
    forms = ["JPEG" if picture.mode == "CMYK" else "PNG" for picture in odd]
    looked = encoder.look([saved(picture, form) for picture, form in zip(odd, forms, strict=True)])
    assert looked.counts == {}
    assert np.isfinite(looked.vectors).all()


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """Return a PNG that says it is of this size, whatever it holds."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def test_every_bad_picture_is_a_zero_row_with_its_reason(encoder: Descriptor, tmp_path: Path) -> None:
    good = saved(drawn("circle", "crimson"))
    frames = [drawn(shape, "crimson") for shape in SHAPES]
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "sub").mkdir()
    (tmp_path / "note.txt").write_text("no picture")
    (tmp_path.parent / "elsewhere.png").write_bytes(good)
    (tmp_path / "link.png").symlink_to(tmp_path.parent / "elsewhere.png")
    (tmp_path / "ring.png").symlink_to(tmp_path / "ring.png")
    os.mkfifo(tmp_path / "pipe.png")
    with (tmp_path / "vast.png").open("wb") as vast:
        vast.truncate(picture_open.MOST_BYTES + 1)
    cases = {
        "no_picture": [None, "", "  "],
        "remote": ["https://shop.example/a.png", "//cdn.example/a.png", "ftp://x/a.png", "data:image/png;base64,AAAA"],
        "outside": ["../elsewhere.png", "/etc/passwd", "link.png", "file:///etc/hostname"],
        "missing": ["none.png", "sub", "pipe.png", "a\0b.png", "ring.png", "x" * 5000],
        "not_a_picture": ["note.txt", b"", b"<svg/>", b"GIF89a"],
        "animated": [saved(frames[0], "GIF", save_all=True, append_images=frames[1:])],
        "too_small": [saved(Image.new("RGB", (7, 100)))],
        "too_large": ["vast.png", png(40_000, 40_000), png(2_000_000, 2_000_000)],
        "damaged": [good[: len(good) // 2], png(64, 64, b"short")],
    }
    assert set(cases) == set(REASONS)
    for reason, pictures in cases.items():
        looked = encoder.look(pictures)
        assert looked.unused == (reason,) * len(pictures), reason
        assert not looked.vectors.any()
    looked = encoder.look(["good.png", tmp_path / "good.png", "note.txt", f"file://{tmp_path}/good.png"])
    assert looked.counts == {"not_a_picture": 1}
    assert looked.vectors[[0, 1, 3]].any(axis=1).all()
    assert Descriptor().look(["good.png", good]).unused == ("outside", None)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_flipped_and_cut_bytes_never_raise(encoder: Descriptor, form: str) -> None:
    whole, rng = saved(drawn("circle", "crimson", size=40), form), np.random.default_rng(0)
    broken = [whole[: rng.integers(1, len(whole))] for _ in range(20)]
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 200), 4):
            data[place] = rng.integers(256)
        broken.append(bytes(data))
    looked = encoder.look(broken)
    length = np.linalg.norm(looked.vectors, axis=1)
    assert np.isfinite(looked.vectors).all()
    assert [reason is None for reason in looked.unused] == (length > 0.9).tolist()


def test_other_names_are_refused() -> None:
    for name in ("clip", "sentence-transformers:", ""):
        with pytest.raises(ConfigError):
            load_image_encoder(name)


def test_a_seeing_model_goes_through_the_same_port(tmp_path: Path) -> None:
    from likeness.encode.picture_sentence import BATCH, ClipEncoder

    class Eye:
        """Sees the mean colour."""

        def encode(self, pictures: list[Image.Image], **_: object) -> np.ndarray:
            assert len(pictures) <= BATCH
            means = np.array([np.asarray(picture).mean(axis=(0, 1)) for picture in pictures])
            return means / np.linalg.norm(means, axis=1, keepdims=True)

    clip = ClipEncoder("sentence-transformers:eye", 3, Eye(), tmp_path)
    assert isinstance(clip, ImageEncoder)
    pictures = [saved(drawn("circle", colour)) for colour in COLOURS] * 15
    looked = clip.look([*pictures, b"nothing"])
    assert looked.counts == {"not_a_picture": 1}
    np.testing.assert_allclose(np.linalg.norm(looked.vectors, axis=1), [1.0] * 45 + [0.0], atol=1e-5)
    np.testing.assert_array_equal(looked.vectors[:3], looked.vectors[42:45])
