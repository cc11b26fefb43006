"""The project: what it is called and where it stands on this machine."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROJECT_NAME = "mineria-ml-emr"
