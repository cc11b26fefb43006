"""Which AWS account and region commands speak to: what was typed, else the environment's variables, else the profile.

What is typed goes into the environment, so that all that a command starts speaks to the same.
"""

import os

# boto3 reads the second alone; the AWS command line, Terraform and the other SDKs read the first, and before it.
REGION, REGION_OF_BOTO3 = "AWS_REGION", "AWS_DEFAULT_REGION"
PROFILE = "AWS_PROFILE"
NO_REGION = f"no AWS region is set; give it with --region, or set {REGION} or the profile's region"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_typed: dict[str, str] = {}


def region() -> str | None:
    """The region that the environment names; None: the profile's."""
    return os.environ.get(REGION) or os.environ.get(REGION_OF_BOTO3) or None


def use_region(name: str) -> None:
    """Take a region that was typed."""
    _typed["--region"] = os.environ[REGION] = os.environ[REGION_OF_BOTO3] = name


def use_profile(name: str) -> None:
    """Take a profile that was typed; it goes over keys in the environment, as it does for the AWS command line."""
    for key in _KEYS:
        os.environ.pop(key, None)
    _typed["--profile"] = os.environ[PROFILE] = name


def typed() -> list[str]:
    """The options that were typed, for a command that goes on with the same account and region."""
    return [word for option, name in sorted(_typed.items()) for word in (option, name)]
