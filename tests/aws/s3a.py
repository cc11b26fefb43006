"""Real S3A for Spark off EMR: its jars, and the settings that point `s3:` at a server on this machine."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyspark

from launcher.local_spark import find_java

COORDINATES = Path(__file__).with_name("s3a.xml")
SPARK_JARS = Path(pyspark.__file__).parent / "jars"


def jars() -> Path:
    """The folder of the jars, resolved once by the Ivy that Spark brings and kept in the virtual environment."""
    kept = Path(sys.prefix) / "share" / "spark-s3a"
    if (kept / COORDINATES.name).exists() and (kept / COORDINATES.name).read_text() == COORDINATES.read_text():
        return kept
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        fresh = Path(scratch, "jars")
        (ivy,) = SPARK_JARS.glob("ivy-*.jar")
        command = [find_java() / "bin" / "java", "-cp", ivy, "org.apache.ivy.Main", "-warn", "-ivy", COORDINATES]
        command += ["-cache", f"{scratch}/cache", "-retrieve", f"{fresh}/[artifact]-[revision].[ext]"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
        shutil.copy(COORDINATES, fresh)  # what is in there, for the next time
        shutil.rmtree(kept, ignore_errors=True)
        fresh.rename(kept)
    return kept


def settings(endpoint: str) -> dict[str, str]:
    """Spark properties under which `s3://bucket/key` is read and written through S3A at `endpoint`."""
    hadoop = {
        "s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "s3a.endpoint": endpoint,
        "s3a.endpoint.region": "us-east-1",
        "s3a.path.style.access": "true",
        "s3a.connection.ssl.enabled": "false",
        "s3a.attempts.maximum": "1",
        "s3a.access.key": "testing",
        "s3a.secret.key": "testing",
        "s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    }
    return {
        "spark.driver.extraClassPath": f"{jars()}/*",
        **{f"spark.hadoop.fs.{name}": value for name, value in hadoop.items()},
    }
