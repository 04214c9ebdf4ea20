"""The main job on Ray, on one machine or on many: files are read, cut into shards, processed and merged.

Ray Data streams: tasks read the files and cut what they hold into shards, actors, which load the models once, process
one shard after the other, and this process merges the shards in the input's order. Each actor does it with a worker
process of its own, as any run does, so that an article which kills or holds up its worker costs only itself; if an
actor is lost with its machine, Ray starts another, which goes on with the shard by its journal.
All machines must see the input and the output folder under the same paths, and have the same onrecord installed.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from onrecord.batch.folder import Mode, OutputFolder
from onrecord.batch.job import Options
from onrecord.batch.journal import Journal
from onrecord.batch.merge import merge_into
from onrecord.batch.pool import cores
from onrecord.batch.run import Crew, Progress, now
from onrecord.batch.shards import Shard, process_shard, slices
from onrecord.errors import OnRecordError
from onrecord.model_folder import PACKAGES
from onrecord.readers import Reject
from onrecord.readers.articles import Source
from onrecord.readers.finding import find
from onrecord.readers.reading import STDIN, read_files

SHARDS = "shards"
# What a crash costs at most, a few minutes of one core, against folders and confirmations by the disk.
SHARD_ITEMS = 200
# Small files are read by one task up to this size; a larger file is read by a task of its own.
BUNDLE_BYTES = 4 * 1024**2
# Reading takes a few hundredths of the time of processing, so that a core's tenth serves it; both fit on every core.
READING_CPUS, PROCESSING_CPUS = 0.1, 0.9
# Rows that Ray is given at once; more bundles share rows.
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a run takes place: `address` as for `ray.init`, None for this machine or what RAY_ADDRESS names; `workers`
    is the number of actors, None for one a core; `shard_items` the most articles and rejects of one shard.
    """

    address: str | None = None
    workers: int | None = None
    shard_items: int = SHARD_ITEMS


def run_on_ray(
    sources: Sequence[str],
    output: Path,
    options: Options,
    *,
    mode: Mode = "new",
    crew: Crew | None = None,
    cluster: Cluster | None = None,
    progress: Progress = lambda journal: None,
) -> dict[str, Any]:
    """Process `sources` into the folder `output`, with the shards in its folder `shards`; returns what run.json says.

    The results are, byte for byte, those of `run`. `mode` `resume` keeps the shards that are finished. Of `crew`,
    timeout and factory count. Raises OnRecordError where `run` does, and if Ray or the cluster is not there.
    """
    cluster = cluster or Cluster()
    need_ray()
    if STDIN in sources:
        raise OnRecordError("--engine ray reads files, not stdin, which other machines cannot see; name files")
    with OutputFolder(output, mode=mode) as folder, connected(cluster) as workers:
        root = (output / SHARDS).absolute()
        if mode != "resume":
            shutil.rmtree(root, ignore_errors=True)
        begun = now()
        names, speed = process(sources, root, absolute(options), crew or Crew(), cluster, workers, progress)
        remove_others(root, set(names))
        about = {"workers": workers, "words_per_second": speed, "started": begun}
        return merge_into(folder, [root / name for name in sorted(names)], about)


def process(
    sources: Sequence[str],
    root: Path,
    options: Options,
    crew: Crew,
    cluster: Cluster,
    workers: int,
    progress: Progress,
) -> tuple[list[str], float]:
    """Have all shards processed; returns their names, and the words a second of what was not done before."""
    seen, names, words, begun = Journal(), [], 0, time.monotonic()
    progress(seen)
    for name, summary, fresh in told(sources, root, options, replace(crew, workers=1), cluster, workers):
        names.append(name)
        seen.counts.update(summary["counts"])
        seen.reasons.update(summary["reasons"])
        words += summary["counts"]["words"] * fresh
        progress(seen)
    return names, round(words / max(time.monotonic() - begun, 1e-9), 1)


def remove_others(root: Path, names: set[str]) -> None:
    """Remove shards that an earlier run made of input that is not there any more."""
    for path in root.glob("*/*"):
        if path.relative_to(root).as_posix() not in names:
            shutil.rmtree(path)


def told(
    sources: Sequence[str], root: Path, options: Options, crew: Crew, cluster: Cluster, workers: int
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield of each shard, as they are finished, its name, its run.json and whether anything was left to do."""
    import ray
    from ray.data import ActorPoolStrategy, DataContext, from_items

    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it would tell of each run on stderr
    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # so that shards are passed on one by one
    found = (file for source in sources for file in find(source))
    rows = [{"number": number, "files": pickle.dumps(files)} for number, files in enumerate(bundles(found))]
    reading = {"items": cluster.shard_items, "fields": options.fields, "max_chars": options.max_chars}
    with DataContext.current(context):
        data = (
            from_items(rows, override_num_blocks=min(len(rows), MAX_ROWS) or 1)
            .map_batches(read_shards, batch_size=1, batch_format="pyarrow", num_cpus=READING_CPUS, fn_kwargs=reading)
            .map_batches(
                ShardWorker,
                batch_size=1,
                batch_format="pyarrow",
                num_cpus=PROCESSING_CPUS,
                compute=ActorPoolStrategy(size=workers),
                fn_constructor_args=(str(root), options, crew),
            )
        )
        try:
            for row in data.iter_rows():
                if row["error"]:
                    raise OnRecordError(row["error"])
                yield row["shard"], json.loads(row["summary"]), row["fresh"]
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise OnRecordError(f"Ray: {reason}; what is done is kept, go on with --resume") from error


def bundles(found: Iterable[Source | Reject]) -> Iterator[list[Source | Reject]]:
    """Put small files together, so that a task has something to read; paths become absolute, names stay as given."""
    bundle: list[Source | Reject] = []
    total = 0
    for file in found:
        size = size_of(file)
        if bundle and total + size > BUNDLE_BYTES:
            yield bundle
            bundle, total = [], 0
        bundle.append(file if isinstance(file, Reject) else replace(file, path=os.path.abspath(file.path)))
        total += size
    if bundle:
        yield bundle


def size_of(file: Source | Reject) -> int:
    try:
        return os.path.getsize(file.path) if isinstance(file, Source) else 0
    except OSError:  # its reader will say so
        return 0


def read_shards(table: Any, *, items: int, fields: Mapping[str, str], max_chars: int) -> Iterator[Any]:
    """A task: read bundles of files, and pass on what they hold shard by shard."""
    import pyarrow

    for row in table.to_pylist():
        found = read_files(pickle.loads(row["files"]), fields=fields, max_chars=max_chars)
        for index, part in enumerate(slices(found, items)):
            name = f"{row['number']:07}/{index:07}"
            yield pyarrow.table({"shard": [name], "items": [pickle.dumps(part)]})


class ShardWorker:
    """An actor: processes shards in a worker process that stays."""

    def __init__(self, root: str, options: Options, crew: Crew) -> None:
        self.root, self.options, self.crew = Path(root), options, crew
        self.pool = crew.pool(options)

    def __call__(self, table: Any) -> Any:
        import pyarrow

        return pyarrow.Table.from_pylist([self.answer(**row) for row in table.to_pylist()])

    def answer(self, shard: str, items: bytes) -> dict[str, Any]:
        try:
            self.pool.start()
            part = Shard(shard, pickle.loads(items))
            summary, fresh = process_shard(part, self.root, self.options, self.crew, self.pool)
        except OnRecordError as error:  # to be raised where the run was started, not tried again
            return {"shard": shard, "summary": "", "fresh": False, "error": str(error)}
        counted = {name: summary[name] for name in ("counts", "reasons")}
        return {"shard": shard, "summary": json.dumps(counted), "fresh": fresh, "error": ""}


@contextmanager
def connected(cluster: Cluster) -> Iterator[int]:
    """Connect to a cluster, or start Ray on this machine, unless that is done; yields the number of workers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    import ray

    ours = not ray.is_initialized()
    if ours:
        with sigterm_kept():
            start(cluster)
    try:
        yield cluster.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        if ours:
            ray.shutdown()


def start(cluster: Cluster) -> None:
    import ray

    address = cluster.address or os.environ.get("RAY_ADDRESS")
    # Here, as many cores as there are to be workers: they take turns where the machine has fewer.
    local = {"num_cpus": cluster.workers or cores(), "include_dashboard": False}
    try:
        ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **({} if address else local))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise OnRecordError(f"no Ray cluster at {address}: {error}; check --ray-address") from error


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Have SIGTERM do what it did before, which ray.init changes."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def absolute(options: Options) -> Options:
    """Return `options` with paths that hold in any folder, as workers run elsewhere."""
    paths = {name: path for name in ("model", "aliases") if (path := getattr(options, name)) not in PACKAGES}
    return replace(options, **{name: os.path.abspath(path) for name, path in paths.items()})


def need_ray() -> None:
    """Raise OnRecordError if Ray Data is not installed; a folder that happens to be called ray is not it."""
    if any(find_spec(package) is None for package in ("ray", "pyarrow", "pandas")):
        raise OnRecordError("--engine ray needs Ray Data: pip install 'onrecord[ray]'")
