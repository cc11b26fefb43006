"""Real S3A for Spark off EMR: its jars, and the settings that point `s3:` at a server on this machine."""

from pathlib import Path

from tests.jars import fetched

COORDINATES = Path(__file__).with_name("s3a-jars.xml")


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
        "spark.driver.extraClassPath": f"{fetched(COORDINATES)}/*",
        **{f"spark.hadoop.fs.{name}": value for name, value in hadoop.items()},
    }
