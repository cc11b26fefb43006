"""Livy's sessions over its REST interface: what the launcher itself asks, beside sparkmagic.

Source: Livy 0.8's documentation of its REST interface.
"""

import os
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from launcher.support.endpoint import LIVY_PORT
from launcher.support.project import PROJECT_NAME
from launcher.targets.livy import patience
from launcher.targets.livy.session_log import SessionLog
from lib.errors import ExperimentError, InputError

USER_VARIABLE, PASSWORD_VARIABLE = "LIVY_USER", "LIVY_PASSWORD"
# Livy wants this header where its protection against forged requests is on.
HEADERS = {"X-Requested-By": PROJECT_NAME}
_SECONDS = 20
_PAGE = 100
# Of a log, Livy gives the last lines of all streams together, so that a part of it may lack a stream.
_ALL = -1


class LivyUnreachable(ExperimentError):
    """Nothing at the URL answers like Livy."""

    def __init__(self, url: str, problem: str, remedy: str = ""):
        self.url, self.problem = url, problem
        remedy = remedy or (
            f"check the URL and that the cluster is running; Livy on EMR is on the primary node's port {LIVY_PORT}, "
            "which is best reached with --cluster-id and --reach ssm or ssh"
        )
        super().__init__(f"Livy at {url} cannot be reached: {problem}; {remedy}")


class LivyLogin(InputError):
    """Livy, or a gateway before it, does not accept who we are."""

    def __init__(self, url: str, status: int):
        super().__init__(
            f"Livy at {url} refuses the login (status {status}): with cluster.auth=basic set {USER_VARIABLE} and "
            f"{PASSWORD_VARIABLE} in the environment, with cluster.auth=kerberos run kinit"
        )


class LivyClient:
    """Asks one Livy server; `auth` is none, basic (login from the environment) or kerberos (the ticket there is)."""

    def __init__(self, url: str, auth: str = "none"):
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.headers.update(HEADERS)
        self._http.auth = _authentication(auth)
        self._repeat(patience.brief())

    def check(self) -> None:
        """Raise unless a Livy answers and lets us in. From then on, a lost connection is waited for."""
        self._page(0, 1)
        self._repeat(patience.patient())

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, as Livy describes them: id, name, state, …

        Raises:
            LivyUnreachable: no answer, or one that Livy would not give.
            LivyLogin: it asks for another user, or does not let this one in.
        """
        found: list[dict[str, Any]] = []
        while True:
            page = self._page(len(found), _PAGE)
            found += page
            if len(page) < _PAGE:
                return found

    def session(self, number: int) -> dict[str, Any] | None:
        """One session, or None where there is none of that id."""
        reply = self._ask("GET", f"/sessions/{number}")
        return reply.json() if reply.status_code == 200 else None

    def log(self, number: int) -> SessionLog:
        """A session's log; empty where there is no such session."""
        reply = self._ask("GET", f"/sessions/{number}/log", {"size": _ALL})
        return SessionLog.parse(reply.json()["log"] if reply.status_code == 200 else [])

    def delete(self, number: int) -> None:
        """End a session; nothing happens where there is none.

        Raises:
            LivyUnreachable: no answer.
            ExperimentError: Livy does not delete it.
        """
        reply = self._ask("DELETE", f"/sessions/{number}")
        if reply.status_code not in (200, 404):
            raise ExperimentError(f"Livy at {self.url} did not delete session {number}: {_message(reply)}")

    def _repeat(self, retry: Retry) -> None:
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(max_retries=retry))

    def _page(self, start: int, size: int) -> list[dict[str, Any]]:
        reply = self._ask("GET", "/sessions", {"from": start, "size": size})
        try:
            return list(reply.json()["sessions"])
        except (ValueError, KeyError, TypeError):
            raise LivyUnreachable(self.url, "the server there is not Livy") from None

    def _ask(self, method: str, path: str, query: dict[str, int] | None = None) -> requests.Response:
        try:
            reply = self._http.request(method, self.url + path, params=query, timeout=_SECONDS)
        except requests.ConnectionError:
            raise LivyUnreachable(self.url, "no connection") from None
        except requests.Timeout:
            raise LivyUnreachable(self.url, f"no answer in {_SECONDS} s") from None
        except requests.RequestException as error:
            raise LivyUnreachable(self.url, str(error)) from None
        if reply.status_code in (401, 403):
            raise LivyLogin(self.url, reply.status_code)
        if reply.status_code >= 500:
            raise LivyUnreachable(self.url, f"it answers status {reply.status_code}: {_message(reply)}")
        return reply


def _authentication(auth: str) -> AuthBase | None:
    if auth == "basic":
        return HTTPBasicAuth(*login())
    if auth == "kerberos":
        from requests_kerberos import REQUIRED, HTTPKerberosAuth  # needs the Kerberos libraries

        return HTTPKerberosAuth(mutual_authentication=REQUIRED)
    return None


def login() -> tuple[str, str]:
    """The user and the password of Basic authentication: only ever from the environment.

    Raises:
        InputError: one of them is not there.
    """
    user, password = os.environ.get(USER_VARIABLE, ""), os.environ.get(PASSWORD_VARIABLE, "")
    if not user or not password:
        raise InputError(f"cluster.auth=basic needs {USER_VARIABLE} and {PASSWORD_VARIABLE} in the environment")
    return user, password


def _message(reply: requests.Response) -> str:
    try:
        return str(reply.json()["msg"])
    except (ValueError, KeyError, TypeError):
        return " ".join(reply.text.split())[:200]
