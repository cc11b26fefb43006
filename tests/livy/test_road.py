"""A run whose tunnel breaks on the way."""

import os
from urllib.parse import urlsplit

import pytest

from launcher.emr.clusters import Primary
from launcher.emr.tunnels import TunnelBroken
from launcher.running.runner import Run
from launcher.targets.livy import records, road
from launcher.targets.livy.road import connected
from launcher.targets.livy.sessions import end_sessions
from launcher.targets.target import target_of
from tests.launcher.emr.roads import break_it, make_programs
from tests.livy.conftest import BUCKET
from tests.livy.runs import RUN_ID, Steps, sessions, small_plan


def test_a_run_outlives_a_broken_tunnel_and_a_lost_one_ends_it(tmp_path, livy_url, s3, spark_settings, monkeypatch):
    programs = make_programs(tmp_path, urlsplit(livy_url).port)
    monkeypatch.setenv("PATH", str(programs.folder), prepend=os.pathsep)
    monkeypatch.setattr(road, "find_primary", lambda *args: Primary("master.internal", "i-1"))
    before, out = sessions(livy_url), f"s3://{BUCKET}/{tmp_path.name}"
    cluster = {"id": "j-A", "target": "livy", "reach": "ssh"}
    plan = small_plan(tmp_path, "", out, spark_settings, "1 + 1", cluster=cluster)
    done = []

    def disturb(cell, tunnel):
        done.append(cell)
        if cell == 3:
            programs.broken.touch()
        if cell in (2, 3):  # the first time it is built again, and the cell is executed
            break_it(tunnel)

    with pytest.raises(TunnelBroken) as lost:
        run(plan, disturb)
    assert done == [1, 2, 3]
    assert len(programs.calls()) == 3
    assert str(lost.value).startswith("the SSH tunnel to the cluster failed: Permission denied (publickey).; check")
    evidence, leftover = lost.value.__notes__
    assert evidence == f"Notebooks and logs are kept in {out}/failed/{RUN_ID}"
    key = f"{tmp_path.name}/failed/{RUN_ID}/01_explore.ipynb"
    assert b"1 + 1" in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    # The session cannot be ended without a road to it; it is on record until there is one.
    (record,) = records.records()
    (number,) = set(sessions(livy_url)) - set(before)
    assert record.sessions == [number]
    assert f"Livy session {number} at j-A could not be ended" in leftover
    assert "sessions --clean" in leftover
    programs.broken.unlink()
    with connected(record.endpoint) as (client, _):
        assert end_sessions(client, record) == []
    assert sessions(livy_url) == before


def run(plan, at_cell):
    """Run a plan; at each cell call a function with its number and the tunnel."""
    with target_of(plan) as target:
        Run(plan, [Steps(lambda cell: at_cell(cell, target.tunnel))], target)()
