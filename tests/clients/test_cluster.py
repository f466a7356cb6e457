"""`dure match --cluster` has shards worked on by a real Dask cluster, and outlives machines that are lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from distributed import Client, Worker
from typer.testing import CliRunner

from api.cli import app
from api.cluster import NoCluster, cluster
from matching.check import check_result
from matching.result import EndedBy, Result
from matching.resultfiles import read_result
from matching.tables import read_round, write_round
from tests.bench.rounds import make_round
from tests.clients.dask_cluster import ENVIRONMENT, Machines, machines

LIMITS = ("--effort", "0.3", "--explain-time", "0", "--seed", "5")


@pytest.fixture(scope="module")
def seoul(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of 450 mentors and 1,800 mentees."""
    path = tmp_path_factory.mktemp("seoul") / "round"
    write_round(make_round("seoul", 1, scale=0.3), path)
    return path


@pytest.fixture(scope="module")
def local(seoul: Path) -> Result:
    """What this machine alone makes of it."""
    out = seoul.parent / "local"
    ended = CliRunner().invoke(app, ["match", str(seoul), "--out", str(out), "--workers", "2", *LIMITS])
    assert ended.exit_code == 0, ended.stderr
    return read_result(out)


def matching(round: Path, out: Path, address: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "api.cli", "match", str(round), "--out", str(out), "--cluster", address, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def finished(dask_worker: Worker) -> int:
    """How many shards a worker has finished."""
    count: int = dask_worker.state.executed_count
    return count


def shards_done(client: Client) -> dict[str, int]:
    """How many shards each worker has finished, by its name; the client hears of new workers late."""
    names = {address: str(told["name"]) for address, told in client.scheduler_info(n_workers=-1)["workers"].items()}
    return {names[address]: count for address, count in client.run(finished).items() if address in names}


def wait_for_shards(client: Client, running: subprocess.Popen[str], name: str) -> None:
    """Waits until a worker has finished a shard of the run."""
    while running.poll() is None:
        if shards_done(client).get(name, 0) > 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"the run ended before {name} had finished a shard: {running.communicate()}")


@pytest.mark.timeout(120)
def test_a_worker_killed_in_the_run_after_a_shard_changes_nothing(seoul: Path, local: Result, tmp_path: Path) -> None:
    out = tmp_path / "result"
    with machines(tmp_path, workers=2) as started, Client(started.address) as client:
        client.wait_for_workers(2, timeout=30)
        with matching(seoul, out, started.address, *LIMITS) as running:
            wait_for_shards(client, running, "worker-0")
            started.workers[0].kill()
            started.workers[0].wait()
            before = shards_done(client)["worker-1"]
            assert running.poll() is None
            _, stderr = running.communicate(timeout=60)
        assert running.returncode == 0, stderr
        after = shards_done(client)
    assert after["worker-1"] > before + 1
    assert "worker-0" not in after
    result = read_result(out)
    round = read_round(seoul)
    assert check_result(round, result).faults == ()
    assert result.score >= 0.99 * local.score
    assert (result.groups, result.unplaced, result.bound) == (local.groups, local.unplaced, local.bound)
    assert result.ended_by is EndedBy.EFFORT


@pytest.mark.timeout(120)
def test_a_run_whose_workers_are_all_lost_ends_in_time_with_what_it_has(seoul: Path, tmp_path: Path) -> None:
    out, began = tmp_path / "result", time.monotonic()
    with machines(tmp_path, workers=1) as started, Client(started.address) as client:
        client.wait_for_workers(1, timeout=30)
        began = time.monotonic()
        with matching(seoul, out, started.address, "--time", "12", "--explain-time", "0") as running:
            wait_for_shards(client, running, "worker-0")
            started.workers[0].kill()
            _, stderr = running.communicate(timeout=60)
        assert running.returncode == 0, stderr
        assert time.monotonic() - began < 12 + 5
    result = read_result(out)
    assert check_result(read_round(seoul), result).faults == ()
    assert result.ended_by is EndedBy.TIME


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A cluster whose scheduler gives work up as soon as it has cost one worker."""
    with machines(tmp_path_factory.mktemp("cluster"), 1, {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}) as started:
        with Client(started.address) as client:
            client.wait_for_workers(1, timeout=30)
        yield started


def test_the_cluster_says_how_many_can_work_at_once_and_what_they_found(one_worker: Machines) -> None:
    with cluster(one_worker.address) as used:
        assert used.workers == 1
        assert used.executor.submit(divmod, 17, 5).result(timeout=30) == (3, 2)
        with pytest.raises(ZeroDivisionError):
            used.executor.submit(divmod, 17, 0).result(timeout=30)


def test_work_that_costs_its_workers_is_a_broken_executor(one_worker: Machines) -> None:
    with cluster(one_worker.address) as used, pytest.raises(BrokenExecutor):
        used.executor.submit(os._exit, 1).result(timeout=30)
    with pytest.raises(NoCluster, match="has no workers; start some with `dask worker"), cluster(one_worker.address):
        pass


def test_workers_with_another_version_are_not_used(tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "dure-9.9.dist-info").mkdir(parents=True)
    (other / "dure-9.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.4\nName: dure\nVersion: 9.9\n", encoding="utf-8")
    paths = {"PYTHONPATH": os.pathsep.join([str(other), ENVIRONMENT["PYTHONPATH"]])}
    with machines(tmp_path, 1, paths) as started:
        with Client(started.address) as client:
            client.wait_for_workers(1, timeout=30)
        with pytest.raises(NoCluster, match=r"has not dure .* but '9\.9'; install the same everywhere"), cluster(started.address):
            pass
