"""How far chances are from what comes true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BINS = 10


def calibration_error(chances: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error (0 to 1), by bins of equal width; 0 if there are no chances."""
    chance, hit = np.array(chances, dtype=float), np.array(right, dtype=float)
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    gaps = [abs(chance[bins == b].sum() - hit[bins == b].sum()) for b in range(BINS)]
    return float(sum(gaps)) / max(len(chance), 1)
