"""Make the encoder that ships with the package: regress a table of word vectors onto MiniLM and write it as int8.

    pip install '.[learn]'
    python bench/train_static_encoder.py DATA OUT [--leave-out judgments.tsv | --without-esci] [--steps N]

DATA holds the folders that `static_encoder_texts.py` reads. The teacher's vectors are kept in `--cache`, so that a
second run starts at the training. Runs on the processor, in about a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.numpy import save
from static_encoder_texts import Corpus, gather, left_out
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from likeness.encode.onnx import OnnxEncoder, load_minilm, minilm_folder
from likeness.encode.static import FORMAT, FORMAT_VERSION, SHIPPED
from likeness.train.export_minilm import REQUIREMENT, WEIGHTS_SHA256, export_minilm

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
PIECE = re.compile(r"(##)?[a-z0-9]+")
UNKNOWN = "[UNK]"


@dataclass(frozen=True)
class Recipe:
    """What decides the artefact."""

    name: str = "static-256-1"
    embedding_dim: int = 256
    least_count: int = 4  # a word of the corpus seen this often gets a row of its own
    mixed_queries: int = 16_000  # random words of the corpus, drawn by the root of their count
    general_rounds: int = 2  # passes of random pairs and triples over the teacher's whole vocabulary
    steps: int = 1500
    batch: int = 1024
    pairs: int = 256
    learning_rate: float = 2e-3
    token_dropout: float = 0.1
    ranking_weight: float = 0.3
    contrast_weight: float = 0.1
    temperature: float = 0.05
    script_weight: float = 0.5
    seed: int = 0


def vocabulary(corpus: Corpus, teacher: Tokenizer, recipe: Recipe) -> tuple[list[str], list[int]]:
    """Return the teacher's Latin pieces and the frequent words it splits, with their counts in the corpus."""
    counts: Counter[str] = Counter()
    for text, times in corpus.counted.items():
        words = teacher.pre_tokenizer.pre_tokenize_str(teacher.normalizer.normalize_str(text))
        counts.update({word: times for word, _ in words})
    known = teacher.get_vocab()
    pieces = [piece for piece in sorted(known, key=lambda piece: known[piece]) if PIECE.fullmatch(piece)]
    frequent = [word for word, count in counts.most_common() if count >= recipe.least_count and 2 < len(word) < 25]
    added = [word for word in frequent if word not in known and PIECE.fullmatch(word) and not word.isdigit()]
    tokens = pieces + added
    return tokens, [0 if token.startswith("##") else counts[token] for token in tokens]


def add_mixtures(corpus: Corpus, tokens: list[str], counts: list[int], recipe: Recipe) -> None:
    """Add random word combinations: they teach rows and weights of words the product texts hardly use."""
    rng = corpus.rng
    whole = [(token, count) for token, count in zip(tokens, counts, strict=True) if token[0] != "#" and len(token) > 1]
    chance = np.sqrt(np.array([count for _, count in whole]) + 0.3)
    for _ in range(recipe.mixed_queries):
        chosen = rng.choice(len(whole), int(rng.integers(2, 5)), p=chance / chance.sum())
        corpus.add(" ".join(whole[i][0] for i in chosen))
    words = np.array([token for token, _ in whole if not token.isdigit()])
    for size in (2, 3) * recipe.general_rounds:
        order = rng.permutation(words)
        corpus.add(*(" ".join(order[i : i + size]) for i in range(0, len(order) - size, size)))


def teach(encoder: OnnxEncoder, texts: list[str], cache: Path) -> Floats:
    """Return the teacher's (n, 384) rows; texts that the cache does not hold yet are encoded and added to it."""
    kept = np.load(cache) if cache.exists() else {"texts": np.array([], str), "rows": np.zeros((0, 384), np.float16)}
    known, rows = kept["texts"].tolist(), kept["rows"]
    new = sorted(set(texts) - set(known))
    for start in range(0, len(new), 10_000):
        rows = np.vstack([rows, encoder.encode(new[start : start + 10_000]).astype(np.float16)])
        print(f"teacher: {min(len(new), start + 10_000)} of {len(new)} texts", flush=True)
    if new:
        np.savez(cache, texts=np.array(known + new), rows=rows)
    at = {text: row for row, text in enumerate(known + new)}
    return rows[[at[text] for text in texts]].astype(np.float32)


def first_table(words: Floats, counts: list[int], recipe: Recipe) -> Floats:
    """Return the plain distillation (V+1, D): centred words by smooth inverse frequency (Arora et al. 2017)."""
    zipf = 1 / np.arange(1, len(words) + 1)
    share = 0.5 * zipf / zipf.sum() + 0.5 * np.array(counts) / max(1, sum(counts))
    rows = (words - words.mean(axis=0)) * (1e-3 / (1e-3 + share))[:, None]
    rows = rows / np.linalg.norm(rows, axis=1).mean()
    return np.vstack([np.zeros((1, recipe.embedding_dim)), rows]).astype(np.float32)


@dataclass(frozen=True)
class Bags:
    """The ids of every text, flat, and the module that sums their rows."""

    rows: torch.nn.EmbeddingBag
    flat: Ids
    start: Ids
    length: Ids

    @classmethod
    def of(cls, table: Floats, ids: list[list[int]]) -> Bags:
        rows = torch.nn.EmbeddingBag.from_pretrained(
            torch.tensor(table), freeze=False, mode="sum", include_last_offset=True
        )
        length = np.array([len(known) for known in ids])
        return cls(rows, np.array([i for known in ids for i in known]), np.cumsum(length) - length, length)

    def unit(self, texts: Ids, dropped: NDArray[np.bool_] | None = None) -> torch.Tensor:
        """Return unit sums (B, D); `dropped` marks tokens of the batch to leave out."""
        length = self.length[texts]
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        tokens = self.flat[np.repeat(self.start[texts], length) + within]
        owner = np.repeat(np.arange(len(texts)), length)
        if dropped is not None:
            tokens, owner = tokens[~dropped], owner[~dropped]
        offsets = np.searchsorted(owner, np.arange(len(texts) + 1))
        return F.normalize(self.rows(torch.from_numpy(tokens), torch.from_numpy(offsets)), dim=1)


def train(table: Floats, ids: list[list[int]], pairs: Ids, targets: Floats, recipe: Recipe) -> Floats:
    """Fit pooled rows to the teacher (cosine), its rankings (KL) and the true pairs (InfoNCE, van den Oord 2018)."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    bags, goal = Bags.of(table, ids), F.normalize(torch.tensor(targets), dim=1)
    some = np.flatnonzero(bags.length)
    pairs = pairs[(bags.length[pairs] > 0).all(axis=1)]
    optimiser = torch.optim.Adam(bags.rows.parameters(), lr=recipe.learning_rate, fused=True)
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = recipe.learning_rate * rate(step, recipe.steps)
        texts, chosen = rng.choice(some, recipe.batch), pairs[rng.choice(len(pairs), recipe.pairs, replace=False)]
        every = np.concatenate([texts, chosen[:, 0], chosen[:, 1]])
        loss = losses(bags.unit(every, drop(rng, bags, every, recipe)), goal, every, recipe)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 99:
            print(f"step {step + 1}: loss {loss.item():.4f}", flush=True)
    return np.asarray(bags.rows.weight.detach())


def rate(step: int, steps: int) -> float:
    """Return the share of the learning rate: a short rise, then a line down to 3 %."""
    return min(1.0, (step + 1) / 50) * max(0.03, 1 - step / steps)


def drop(rng: np.random.Generator, bags: Bags, every: Ids, recipe: Recipe) -> NDArray[np.bool_]:
    """Mark tokens of the regressed texts at random, never a text's first."""
    length = bags.length[every]
    owner = np.repeat(np.arange(len(every)), length)
    first = np.arange(len(owner)) == (np.cumsum(length) - length)[owner]
    dropped: NDArray[np.bool_] = (rng.random(len(owner)) < recipe.token_dropout) & (owner < recipe.batch) & ~first
    return dropped


def losses(unit: torch.Tensor, goal: torch.Tensor, every: Ids, recipe: Recipe) -> torch.Tensor:
    """Return the weighted sum of the three losses of one batch: texts, queries and documents, in that order."""
    taught = goal[every]
    regress = (1 - (unit * taught).sum(1))[: recipe.batch].mean()
    (_, query, document), (_, q, d) = (
        rows.split([recipe.batch, recipe.pairs, recipe.pairs]) for rows in (unit, taught)
    )
    scores = query @ document.T / recipe.temperature  # (P, P)
    ranking = F.kl_div(scores.log_softmax(1), (q @ d.T / recipe.temperature).softmax(1), reduction="batchmean")
    contrast = F.cross_entropy(scores, torch.arange(recipe.pairs))
    return regress + recipe.ranking_weight * ranking + recipe.contrast_weight * contrast


def word_pieces(tokens: list[str]) -> Tokenizer:
    """Return the tokenizer of the table: greedy longest pieces, so an added word is one token."""
    table = {token: row for row, token in enumerate([UNKNOWN, *tokens])}
    tokenizer = Tokenizer(models.WordPiece(table, unk_token=UNKNOWN, max_input_chars_per_word=48))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def known_ids(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [[i for i in encoding.ids if i] for encoding in tokenizer.encode_batch_fast(texts)]


def write(folder: Path, table: Floats, tokenizer: Tokenizer, config: dict[str, object]) -> None:
    """Write the artefact: rows as int8 with one scale each, the lexicon's glosses as rows after the words'."""
    folder.mkdir(parents=True, exist_ok=True)
    table = table / np.linalg.norm(table[1:], axis=1).mean()
    lexicon = (SHIPPED / "lexicon.tsv").read_text(encoding="utf-8")
    glosses = known_ids(tokenizer, [line.partition("\t")[2] for line in lexicon.splitlines()])
    meanings = np.stack([table[known].sum(axis=0) for known in glosses])
    rows = np.vstack([table, meanings / np.linalg.norm(meanings, axis=1, keepdims=True)]).astype(np.float32)
    scale = np.abs(rows).max(axis=1) / 127
    whole = np.rint(rows / np.maximum(scale, 1e-12)[:, None]).astype(np.int8)
    (folder / "model.safetensors").write_bytes(save({"table": whole, "scale": scale.astype(np.float32)}))
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "lexicon.tsv").write_text(lexicon, encoding="utf-8")
    config = {"format": FORMAT, "version": FORMAT_VERSION, "lexicon_row": len(table), **config}
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def describe(recipe: Recipe, texts: int, tokens: int) -> dict[str, object]:
    return {
        "name": recipe.name,
        "embedding_dim": recipe.embedding_dim,
        "script_weight": recipe.script_weight,
        "licence": "Apache-2.0",
        "provenance": {
            "teacher": f"sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), {REQUIREMENT}, sha256 {WEIGHTS_SHA256}",
            "texts": "product texts of Amazon ESCI (Apache-2.0; no query, no judgement), Complete Journey (CC0), "
            "UCI Online Retail (CC BY 4.0, Chen 2015) and the retail demo store (MIT-0)",
            "lexicon": "written for this project (Apache-2.0)",
            "text_count": texts,
            "token_count": tokens,
            "script": "bench/train_static_encoder.py",
        },
        "recipe": asdict(recipe),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the static encoder.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leave-out", type=Path, help="TSV with a column asin: hide these products' texts")
    parser.add_argument("--without-esci", action="store_true", help="hide every ESCI product's texts from the training")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--cache", type=Path, default=Path("static-encoder-teacher.npz"))
    given = parser.parse_args()
    recipe = Recipe(steps=given.steps)
    folder = minilm_folder()
    teacher = load_minilm(folder if folder.exists() else export_minilm(folder), threads=2)
    corpus = gather(given.data, recipe.seed)
    tokens, counts = vocabulary(corpus, teacher.tokenizer, recipe)
    add_mixtures(corpus, tokens, counts, recipe)
    print(f"{len(corpus.texts)} texts, {len(corpus.pairs)} pairs, {len(tokens)} tokens", flush=True)
    taught = teach(teacher, corpus.texts + [token.removeprefix("##") for token in tokens], given.cache)
    axes = np.linalg.svd(taught.T @ taught)[2][: recipe.embedding_dim].T  # (384, D), the directions that hold most
    texts, words = np.split(taught @ axes, [len(corpus.texts)])
    tokenizer = word_pieces(tokens)
    start = first_table(words, counts, recipe)
    hidden = left_out(given.leave_out) if given.leave_out else set()
    seen = [owner == "" or not (given.without_esci or owner in hidden) for owner in corpus.owners]
    ids = [known if use else [] for known, use in zip(known_ids(tokenizer, corpus.texts), seen, strict=True)]
    table = train(start, ids, np.array(corpus.pairs), texts, recipe)
    write(given.out, table, tokenizer, describe(recipe, len(corpus.texts), len(tokens)))


if __name__ == "__main__":
    main()
