"""What sparkmagic loads from us inside the notebook's kernel; named in the configuration that the launcher writes.

`SPARKMAGIC_CONF_DIR` is the run's private folder (`launcher.targets.livy.records`).
"""

import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from sparkmagic.auth.customauth import Authenticator

from launcher.support.project import PROJECT_NAME
from launcher.targets.livy import patience, records
from launcher.targets.livy.client import login


class RecordingAdapter(HTTPAdapter):
    """Gives each session a name of its own, notes what becomes of it as Livy tells it, and is patient with lost
    connections.

    sparkmagic itself would repeat whatever is answered by a status of 500 or above, a POST that has run a statement,
    too, and nothing whose connection was lost. Its configuration forbids the first, and this does the second.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=patience.patient())

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send, and look at what makes, describes or ends a session, and at its answer."""
        is_creation = request.method == "POST" and request.path_url.rstrip("/").endswith("/sessions")
        name = _named(request) if is_creation else ""
        response = super().send(request, *args, **kwargs)
        if is_creation and response.status_code == 201:
            records.note_session(_folder(), response.json()["id"], name)
        _note(request, response)
        return response


def _note(request: PreparedRequest, response: Response) -> None:
    """Note the application of a session, and its end."""
    session = re.search(r"/sessions/(\d+)$", request.path_url.rstrip("/"))
    if not session or response.status_code != 200:
        return
    number = int(session[1])
    if request.method == "DELETE":
        records.note_end(_folder(), number)
    elif application := response.json().get("appId"):
        records.note_application(_folder(), number, application)


def _folder() -> Path:
    return Path(os.environ["SPARKMAGIC_CONF_DIR"])


def _named(request: PreparedRequest) -> str:
    """The name of the session that is asked for, which gets one if it has none, as in JupyterLab."""
    asked = json.loads(str(request.body or "{}") if not isinstance(request.body, bytes) else request.body)
    if not asked.get("name"):
        asked["name"] = f"{PROJECT_NAME}-lab-{uuid.uuid4().hex[:12]}"
        request.prepare_body(data=json.dumps(asked), files=None)
        request.headers["Content-Type"] = "application/json"
    return str(asked["name"])


class BasicFromEnvironment(HTTPBasicAuth, Authenticator):  # type: ignore[misc]
    """Basic authentication whose secret is in no file: sparkmagic's own wants it in its configuration."""

    def __init__(self, parsed_attributes: Any = None):
        HTTPBasicAuth.__init__(self, *login())
        Authenticator.__init__(self, parsed_attributes)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request."""
        return HTTPBasicAuth.__call__(self, request)

    __hash__ = Authenticator.__hash__
