"""The texts the shipped encoder is trained on, from sets whose licence allows shipping what is made of them.

ESCI product texts (Apache-2.0; never its queries or judgements), Complete Journey (CC0), UCI Online Retail (CC BY 4.0)
and the retail demo store (MIT-0). Queries are synthetic: spans and picks of titles.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml

WORDS = re.compile(r"[A-Za-z0-9'&.\"/]+")


@dataclass
class Corpus:
    """Texts to regress onto the teacher, and (query, document) pairs among them."""

    rng: np.random.Generator
    texts: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)  # the ESCI product a text is of, "" for any other
    product: str = ""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def add(self, *texts: str) -> int:
        """Keep texts and return the position of the first."""
        self.texts.extend(text.strip() for text in texts)
        self.owners.extend(self.product for _ in texts)
        return len(self.texts) - len(texts)

    def pair(self, queries: Iterable[str], *documents: int) -> None:
        """Keep synthetic queries and pair each with each document."""
        for query in queries:
            at = self.add(query)
            self.pairs.extend((at, document) for document in documents)

    def span(self, text: str) -> str:
        """Return 2 to 5 neighbouring words of the beginning of `text`."""
        words = WORDS.findall(text)[:14]
        size = int(self.rng.integers(2, 6))
        start = int(self.rng.integers(0, max(1, len(words) - size + 1)))
        return " ".join(words[start : start + size]).lower()

    def pick(self, text: str) -> str:
        """Return 2 to 5 words of the beginning of `text`, in order."""
        words = WORDS.findall(text)[:16]
        chosen = self.rng.permutation(len(words))[: int(self.rng.integers(2, 6))]
        return " ".join(words[i] for i in sorted(chosen)).lower()


def first_words(text: str, most: int) -> str:
    return " ".join(text.split()[:most])


def add_esci(corpus: Corpus, folder: Path) -> None:
    with gzip.open(folder / "products.ndjson.gz", "rt", encoding="utf-8") as lines:
        products = [json.loads(line) for line in lines]
    for product in products:
        corpus.product = product["asin"]
        title, brand, color = product["title"], product["brand"] or "", product["color"] or ""
        bullets = [bullet for bullet in product["bullet_points"].split("\n") if len(bullet) > 15]
        queries = [corpus.span(title), corpus.span(title), corpus.pick(title)]
        some = [first_words(str(bullet), 28) for bullet in corpus.rng.permutation(bullets)[:3]]
        document = corpus.add(first_words(" ".join([title, brand, color, *bullets]), 45))
        corpus.pair(queries, document, corpus.add(title))
        corpus.add(*some)
        corpus.counted.update([title, *bullets, product["description"], brand, color])
        if product["category"]:
            leaf = product["category"][-1]
            corpus.add(leaf, " ".join(product["category"]))
            corpus.add(*(f"{word} {leaf}".lower() for word in (brand, color) if 0 < len(word) < 25))


def add_grocery(corpus: Corpus, folder: Path) -> None:
    with gzip.open(folder / "products.csv.gz", "rt", encoding="utf-8") as lines:
        kinds = {(row["product_category"].lower(), row["product_type"].lower()) for row in csv.DictReader(lines)}
    for category, kind in sorted(kinds):
        corpus.add(kind, f"{category} {kind}")
        corpus.counted.update([category, kind])


def add_retail(corpus: Corpus, folder: Path) -> None:
    column = pq.read_table(folder / "transactions.parquet", columns=["Description"])["Description"]
    for text in sorted({str(text).strip().lower() for text in column.unique().to_pylist() if text}):
        corpus.pair([corpus.pick(text)], corpus.add(text))
        corpus.counted[text] += 1


def add_store(corpus: Corpus, folder: Path) -> None:
    for product in yaml.load((folder / "products.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader):
        name, description = product["name"], product["description"]
        corpus.pair([corpus.span(name), corpus.pick(description)], corpus.add(name))
        corpus.add(f"{product.get('style', '')} {product.get('category', '')}".replace("_", " "))
        corpus.add(*(first_words(part, 30) for part in re.split(r"(?<=[.!])\s+", description)[:3]))
        corpus.counted.update([name, description])


def gather(data: Path, seed: int) -> Corpus:
    """Return every text and pair."""
    corpus = Corpus(np.random.default_rng(seed))
    add_esci(corpus, data / "esci")
    corpus.product = ""
    add_grocery(corpus, data / "completejourney")
    add_retail(corpus, data / "online-retail")
    add_store(corpus, data / "demo-store")
    return corpus


def left_out(path: Path) -> set[str]:
    """Return the products named in the column `asin` of a TSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["asin"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
