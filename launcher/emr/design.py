"""What Terraform and `cluster create` give a cluster alike: infrastructure/cluster.json."""

import json
from typing import Any

from launcher.support.project import PROJECT

DESIGN = PROJECT / "infrastructure" / "cluster.json"


def design() -> dict[str, Any]:
    """All of it."""
    found: dict[str, Any] = json.loads(DESIGN.read_text(encoding="utf-8"))
    return found


def configurations(glue: bool) -> list[dict[str, Any]]:
    """EMR's classifications of a cluster; with `glue`, Spark's catalogue is the Glue Data Catalog."""
    known = design()
    if not glue:
        return list(known["configurations"])
    more = {"spark-defaults": known["glue"]["spark_defaults"]}
    own = [
        {**each, "Properties": {**each["Properties"], **more.get(each["Classification"], {})}}
        for each in known["configurations"]
    ]
    return own + list(known["glue"]["configurations"])
