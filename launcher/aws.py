"""AWS's errors in words: what was refused or not found, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from lib.errors import ExperimentError, InputError

_LOGIN = "log in again (aws sso login, aws configure) or set AWS_PROFILE"
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "InvalidAccessKeyId"}
_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
# What was asked for does not exist or makes no sense.
_MEANT = {"InvalidRequestException", "ValidationException"}


class AwsRefused(InputError):
    """AWS does not let these credentials do it."""


def client(service: str, session: boto3.Session | None = None) -> Any:
    """A client of an AWS service that is patient with throttling. AWS_MAX_ATTEMPTS says how patient."""
    # No number here, for one would go over that variable.
    return (session or boto3.Session()).client(service, config=Config(retries={"mode": "standard"}))


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn botocore's errors into ours; `doing` says what was being done, as in `cannot read s3://…`."""
    try:
        yield
    except (NoCredentialsError, ProfileNotFound) as error:
        raise InputError(f"{doing}: no AWS credentials ({error}); {_LOGIN}") from None
    except NoRegionError:
        raise InputError(f"{doing}: no AWS region is set; set AWS_REGION or the profile's region") from None
    except EndpointConnectionError as error:
        raise ExperimentError(f"{doing}: {error}; check the network and the region") from None
    except ClientError as error:
        raise _of_client_error(doing, error) from error
    except BotoCoreError as error:
        raise ExperimentError(f"{doing}: {error}") from error


def code(error: ClientError) -> str:
    """AWS's own name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_client_error(doing: str, error: ClientError) -> ExperimentError:
    name = code(error)
    message = error.response.get("Error", {}).get("Message", "") or name
    if name in _EXPIRED:
        return InputError(f"{doing}: the AWS credentials are not valid (any more): {message}; {_LOGIN}")
    if name in _DENIED:
        return AwsRefused(
            f"{doing}: access denied to {error.operation_name}; allow it to this user or role, or use another profile"
        )
    if name == "NoSuchBucket":
        bucket = error.response["Error"].get("BucketName", "")
        return InputError(f"{doing}: there is no bucket {bucket or 'of that name'}; make it or name another")
    failure = InputError if name in _MEANT else ExperimentError
    return failure(f"{doing}: {message}")
