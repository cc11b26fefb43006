"""The `cluster` and `spark` sections of a params file: where an experiment runs and with how much.

They decide nothing about what comes out, so no notebook sees them. There is no place for secrets: logins come from the
environment.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from launcher.endpoint import LIVY_PORT, Endpoint
from launcher.fields import described
from launcher.target_specs import TargetSpec, known, listed, meanings, meant_by
from lib.errors import InputError

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Memory = Annotated[str, Field(pattern=r"^[1-9]\d*[mg]$")]
Positive = Annotated[int, Field(ge=1)]
MEMORY, POSITIVE = "text like 4g or 1536m, or null", "a whole number from 1, or null"


class Cluster(BaseModel):
    """Where Spark is and how to get there."""

    model_config = _STRICT

    target: Annotated[str, AfterValidator(known)] | None = described(None, f"where it runs: {meanings()}", listed())
    id: Annotated[str, Field(pattern=r"^(j-[A-Z0-9]+)?$")] = described("", "EMR cluster", "an id like j-2AXXXXXXGAPLF")
    livy_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = described(
        "", "Livy's URL, where there is no cluster id", f"a URL like http://host:{LIVY_PORT}"
    )
    reach: Literal["direct", "ssh", "ssm"] = described("direct", "road to the cluster", "direct, ssh or ssm")
    auth: Literal["none", "basic", "kerberos"] = described("none", "Livy's login", "none, basic or kerberos")
    ssh_user: str = described("hadoop", "user on the primary node", "a user's name")
    ssh_key: str = described("", "private key for it; empty: ssh's own choice", "a path")
    start_timeout: Positive = described(600, "seconds a session may take to start", "a whole number from 1")
    heartbeat_timeout: Annotated[int, Field(ge=60)] = described(
        120, "seconds until Livy ends a session that nobody asks for", "a whole number from 60"
    )
    cell_timeout: Positive | None = described(None, "seconds a cell may take", POSITIVE)

    @property
    def runs_on(self) -> TargetSpec:
        """The target: as given, or what the rest says."""
        return meant_by(self)

    @property
    def endpoint(self) -> Endpoint:
        """How Livy is reached.

        Raises:
            InputError: neither a URL nor a cluster is named, or both are.
        """
        if bool(self.id) == bool(self.livy_url):
            url, both = f"http://…:{LIVY_PORT}", ", not both" if self.id else ""
            raise InputError(f"Livy is found by --cluster-id (an EMR cluster) or by --livy-url ({url}){both}: give one")
        if self.livy_url and self.reach != "direct":
            raise InputError(f"--reach {self.reach} needs --cluster-id: a Livy given by --livy-url is reached directly")
        return Endpoint(self.livy_url, self.id, self.reach, self.auth, self.ssh_user, self.ssh_key)


class Spark(BaseModel):
    """The Spark of a session; null: the cluster's default."""

    model_config = _STRICT

    driver_memory: Memory | None = described(None, "heap of the driver", MEMORY)
    driver_cores: Positive | None = described(None, "cores of the driver", POSITIVE)
    executor_memory: Memory | None = described(None, "heap of each executor", MEMORY)
    executor_cores: Positive | None = described(None, "cores of each executor", POSITIVE)
    num_executors: Positive | None = described(None, "executors; null: as many as the work needs", POSITIVE)
    conf: dict[str, str | int | float | bool] = described({}, "other Spark properties", "property: value lines")

    def properties(self) -> dict[str, str]:
        """The same as Spark properties, where Spark is started here."""
        named = {
            "spark.driver.memory": self.driver_memory,
            "spark.driver.cores": self.driver_cores,
            "spark.executor.memory": self.executor_memory,
            "spark.executor.cores": self.executor_cores,
            "spark.executor.instances": self.num_executors,
        }
        given = {name: _text(value) for name, value in named.items() if value is not None}
        return given | {name: _text(value) for name, value in self.conf.items()}

    def session(self) -> dict[str, Any]:
        """What a request for a Livy session says of it."""
        named = {
            "driverMemory": self.driver_memory,
            "driverCores": self.driver_cores,
            "executorMemory": self.executor_memory,
            "executorCores": self.executor_cores,
            "numExecutors": self.num_executors,
        }
        given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return given | ({"conf": {name: _text(value) for name, value in self.conf.items()}} if self.conf else {})


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
