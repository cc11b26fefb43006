"""sparkmagic's configuration for one run.

It is a file and not a `%%configure` cell: papermill cannot parameterize such a cell, and its errors are silent.
"""

from collections.abc import Sequence
from typing import Any

from launcher.parameters.cluster import Cluster, Spark
from launcher.targets.livy.client import HEADERS

_HOOKS = "launcher.targets.livy.sparkmagic_hooks"
_AUTH = {"none": "None", "basic": "Basic_Access", "kerberos": "Kerberos"}
_HEARTBEAT = 1  # seconds


def make_config(
    url: str, cluster: Cluster, spark: Spark, py_files: Sequence[str] = (), name: str = ""
) -> dict[str, Any]:
    """The content of `config.json`: what sparkmagic does not find there keeps its default.

    `py_files` come on Python's path in the session; `name`, where given, is the session's own and unique.
    """
    session = {**spark.session(), "pyFiles": list(py_files), **({"name": name} if name else {})}
    return {
        "kernel_python_credentials": {
            # An empty login: `BasicFromEnvironment` has it, and no file.
            "username": "",
            "password": "",
            "url": url,
            "auth": _AUTH[cluster.auth],
        },
        "authenticators": {
            "None": "sparkmagic.auth.customauth.Authenticator",
            "Basic_Access": f"{_HOOKS}.BasicFromEnvironment",
            "Kerberos": "sparkmagic.auth.kerberos.Kerberos",
        },
        "session_configs": session,
        "custom_headers": HEADERS,
        "http_session_config": {
            "adapters": [
                {"prefix": prefix, "adapter": f"{_HOOKS}.RecordingAdapter"} for prefix in ("http://", "https://")
            ]
        },
        # The adapter repeats what may be repeated (0 would be once).
        "configurable_retry_policy_max_retries": -1,
        # Without these a notebook whose cells all failed would count as executed.
        "all_errors_are_fatal": True,
        "shutdown_session_on_spark_statement_errors": False,
        "cleanup_all_sessions_on_exit": True,
        # The automatic chart of a %%sql hangs where no browser answers.
        "use_auto_viz": False,
        "livy_session_startup_timeout_seconds": cluster.start_timeout,
        "livy_server_heartbeat_timeout_seconds": cluster.heartbeat_timeout,
        # sparkmagic ends a session no sooner than its next heartbeat is due.
        "heartbeat_refresh_seconds": _HEARTBEAT,
        "heartbeat_retry_seconds": _HEARTBEAT,
        "wait_for_idle_timeout_seconds": 60,
    }
