"""One module knows the ports of a cluster's services."""

import re
import socket
from pathlib import Path

from launcher.detached import emr_step
from launcher.emr import tunnels, web_pages
from launcher.emr.checks import cluster
from launcher.support import endpoint
from launcher.support.project import PROJECT

PORTS = (endpoint.LIVY_PORT, endpoint.YARN_PORT, endpoint.HISTORY_PORT)


def test_who_uses_a_port_has_it_from_there():
    assert (tunnels.LIVY.port, emr_step.LIVY_URL) == (endpoint.LIVY_PORT, f"http://localhost:{endpoint.LIVY_PORT}")
    assert web_pages.PORTS == {"Spark History": endpoint.HISTORY_PORT, "YARN ResourceManager": endpoint.YARN_PORT}
    named = {endpoint.LIVY_PORT: "Livy", endpoint.YARN_PORT: "YARN", endpoint.HISTORY_PORT: "Spark History", 22: "SSH"}
    assert named == cluster._PORTS


def test_no_other_module_of_the_launcher_writes_one_down():
    number = re.compile(rf"\b({'|'.join(map(str, PORTS))})\b")
    files = (PROJECT / "launcher").rglob("*.py")
    assert {file for file in files if number.search(file.read_text())} == {Path(endpoint.__file__)}


def test_terraform_and_the_documents_mean_the_same():
    security = (PROJECT / "infrastructure" / "security.tf").read_text()
    livy = re.search(r'"aws_vpc_security_group_ingress_rule" "livy" \{.*?^\}', security, re.S | re.M)
    assert livy
    assert set(re.findall(r"(?:from|to)_port\s*= (\d+)", livy[0])) == {str(endpoint.LIVY_PORT)}
    page = (PROJECT / "infrastructure" / "README.md").read_text()
    assert f"YARN ({endpoint.YARN_PORT}) and the Spark History Server ({endpoint.HISTORY_PORT})" in page


def test_a_livy_is_here_by_a_loopback_address_or_by_this_machines_name():
    here = ("http://localhost:8998", "http://127.0.0.1:8998", "https://[::1]/livy", f"http://{socket.gethostname()}:1")
    elsewhere = ("", "http://livy:8998", "http://10.0.0.7:8998", "http://localhost.example.org", "http://128.0.0.1")
    assert [endpoint.is_here(url) for url in (*here, *elsewhere)] == [True] * len(here) + [False] * len(elsewhere)
