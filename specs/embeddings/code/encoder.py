"""A model of sentence-transformers, or a cross-encoder, as its repository describes it; needs only transformers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

BATCH_TOKENS = int(os.environ.get("BATCH_TOKENS", "32768" if torch.cuda.is_available() else "4096"))
# The cards of the E5 models demand these prefixes; their repositories hold no prompts.
PROMPTS = {r"\be5-(small|base|large)(-v2)?$": {"query": "query: ", "passage": "passage: "}}
POOLINGS = (["mean"], ["cls"], ["max"])


class Encoder:
    """Texts to vectors, or pairs of texts to scores."""

    def __init__(self, name: str, folder: Path, device: Any) -> None:
        config, sentence = read(folder / "config.json"), read(folder / "sentence_bert_config.json")
        architecture = (config.get("architectures") or [""])[0]
        self.name, self.device = name, device
        self.reranks = architecture.endswith("ForSequenceClassification")
        self.pooling, self.normalizes = ("", False) if self.reranks else describe(folder)
        self.lower = bool(sentence.get("do_lower_case"))
        # Scores pass a sigmoid unless the repository says otherwise (sentence-transformers: CrossEncoder).
        last = config.get("sentence_transformers", {}).get("activation_fn")
        last = last or config.get("sbert_ce_default_activation_function") or "Sigmoid"
        self.sigmoid = last.endswith("Sigmoid")
        about = read(folder / "config_sentence_transformers.json")
        prompts = {kind: text for kind, text in (about.get("prompts") or {}).items() if text}
        self.prompts = prompts or next(
            (known for pattern, known in PROMPTS.items() if re.search(pattern, name)), {}
        )
        self.prompt = about.get("default_prompt_name")

        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.tokenizer.padding_side = "right"
        self.tokenizer.deprecation_warnings = {"Asking-to-pad-a-fast-tokenizer": True}  # padded after sorting
        # RoBERTa's positions begin after the padding's id.
        reach = config.get("max_position_embeddings", 512)
        reach -= config.get("pad_token_id", 1) + 1 if "roberta" in config["model_type"] else 0
        self.max_tokens = min(sentence.get("max_seq_length") or reach, reach, self.tokenizer.model_max_length)

        auto: Any = AutoModelForSequenceClassification if self.reranks else AutoModel
        model, loading = auto.from_pretrained(folder, local_files_only=True, output_loading_info=True)
        # transformers fills gaps with random numbers; only the pooler of an embedding model is never used.
        missing = sorted(key for key in loading["missing_keys"] if self.reranks or "pooler" not in key)
        if missing:
            raise ValueError(f"weights are missing: {missing[:3]}")
        self.model = model.to(device, torch.float16 if device.type == "cuda" else torch.float32).eval()
        self.size = self.run(["ready?"], ["ready!"] if self.reranks else None)[0][0].numel()

    def run(self, texts: list[str], pairs: list[str] | None = None) -> tuple[Any, int, list[int]]:
        """Vectors or scores in the order of the texts, the number of tokens, which texts were cut."""
        encoded = self.tokenizer(texts, pairs, truncation=True, max_length=self.max_tokens)
        sizes = [len(one) for one in encoded["input_ids"]]
        cut = [row for row, one in enumerate(encoded.encodings or ()) if one.overflowing]
        results: list[Any] = [None] * len(texts)
        for rows in batches(sizes, BATCH_TOKENS):
            columns = {name: [column[row] for row in rows] for name, column in encoded.items()}
            batch = self.tokenizer.pad(columns, return_tensors="pt").to(self.device)
            with torch.inference_mode():
                values = self.values(self.model(**batch), batch["attention_mask"]).cpu()
            for row, value in zip(rows, values, strict=True):
                results[row] = value
        return torch.stack(results), sum(sizes), cut

    def values(self, output: Any, mask: Any) -> Any:
        """Scores, or one vector of all a text's tokens; in 32 bits, or sums of 16 bits would lose too much."""
        if self.reranks:
            scores = output.logits.float()
            one = scores.shape[1] == 1
            return (scores.sigmoid() if self.sigmoid else scores)[:, 0] if one else scores
        hidden, mask = output.last_hidden_state.float(), mask.unsqueeze(-1)
        if self.pooling == "cls":
            pooled = hidden[:, 0]
        elif self.pooling == "max":
            pooled = hidden.masked_fill(mask == 0, float("-inf")).amax(1)
        else:
            pooled = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(pooled, dim=1) if self.normalizes else pooled


def read(path: Path) -> Any:
    """What a JSON file holds; nothing if there is none."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def describe(folder: Path) -> tuple[str, bool]:
    """Pooling, and whether vectors are normalised, as modules.json says; never something like it."""
    kinds = {one["type"].rpartition(".")[2]: one["path"] for one in read(folder / "modules.json")}
    pooling = read(folder / kinds["Pooling"] / "config.json") if "Pooling" in kinds else {}
    # one key a mode, or since sentence-transformers 5.4 a key that names one or several
    modes = pooling.get("pooling_mode") or [
        re.sub("pooling_mode_|_tokens?$", "", key)
        for key, on in pooling.items()
        if on is True and key.startswith("pooling_mode_")
    ]
    modes = [modes] if isinstance(modes, str) else list(modes or ["mean"])
    odd = sorted(kinds.keys() - {"Transformer", "Pooling", "Normalize"})
    if odd or modes not in POOLINGS or not pooling.get("include_prompt", True):
        raise ValueError(
            f"its modules.json asks for what is not written here: pooling {modes}, modules {odd}"
        )
    return modes[0], "Normalize" in kinds


def batches(sizes: list[int], budget: int) -> Iterator[list[int]]:
    """Rows of like length, longest first, as many at a time as stay within a budget of tokens when padded."""
    rows = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    while rows:
        longest = max(1, sizes[rows[0]])
        batch = [row for row in rows[: max(1, budget // longest)] if sizes[row] * 2 >= longest]
        yield batch or rows[:1]
        rows = rows[len(batch) or 1 :]


def find(model_dir: Path, top: str) -> dict[str, Path]:
    """The models of an artifact by name: the one at its top, or those in folders as organisation/model."""
    if "model_type" in read(model_dir / "config.json"):
        return {top: model_dir}
    found: dict[str, Path] = {}
    for path in [*sorted(model_dir.glob("*/config.json")), *sorted(model_dir.glob("*/*/config.json"))]:
        name = path.parent.relative_to(model_dir).as_posix()
        if "model_type" in read(path) and name.partition("/")[0] not in ("code", *found):
            found[name] = path.parent
    return found
