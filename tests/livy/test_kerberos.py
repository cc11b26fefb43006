"""Livy behind a gateway that wants Kerberos: a real KDC, real tickets, the real sparkmagic."""

import pytest

from launcher.targets.cell_failure import NotebookFailed
from launcher.targets.livy import records
from launcher.targets.livy.client import LivyClient, LivyLogin
from tests.livy.conftest import BUCKET
from tests.livy.kerberos import kerberos
from tests.livy.runs import run, sessions, small_plan


@pytest.fixture
def realm(tmp_path, livy):
    with kerberos(tmp_path) as made:
        livy.faults.kerberos = made
        yield made


def test_who_has_a_ticket_runs_and_nobody_else(realm, livy, livy_url, s3, spark_settings, tmp_path, monkeypatch):
    for name, value in realm.stranger.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LivyLogin, match=r"status 401.*cluster.auth=kerberos run kinit"):
        LivyClient(livy.url, "kerberos").check()
    for name, value in realm.user.items():
        monkeypatch.setenv(name, value)
    before = sessions(livy_url)
    cell = "raise ValueError('it ran as %s' % spark.range(3).count())"
    plan = small_plan(tmp_path, livy.url, f"s3://{BUCKET}/kerberos", spark_settings, cell, cluster={"auth": "kerberos"})
    with pytest.raises(NotebookFailed, match="ValueError: it ran as 3"):
        run(plan)
    assert sessions(livy_url) == before
    assert records.records() == []
