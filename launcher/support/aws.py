"""AWS's errors in words: what was refused or not found, and what to do."""

import html
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError
from botocore.session import get_session

from launcher.support import account
from launcher.support.command_lines import command_line
from lib.errors import ExperimentError, InputError

# Times that a request is made in all: AWS's throttling passes in a minute, and so long are ten attempts.
ATTEMPTS = 10
# That a client keeps open: as many requests can be made at once.
CONNECTIONS = 24
_ATTEMPTS_VARIABLE = "AWS_MAX_ATTEMPTS"

_LOGIN = "log in again (aws sso login, aws configure) or give another profile (--profile, AWS_PROFILE)"
_LOG_IN = "log in (aws configure, or aws sso login) or give a profile (--profile, AWS_PROFILE)"
_NO_CREDENTIALS = (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)
_LOGGED_OUT = (
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
    exceptions.CredentialRetrievalError,
    getattr(exceptions, "LoginError", exceptions.SSOError),  # of `aws login`, which botocore knows since 1.41
)
_NO_CONNECTION = (exceptions.ConnectionError, exceptions.HTTPClientError)

_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"}
_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
}
# The request names something that does not exist or makes no sense.
_MEANT = {"InvalidRequestException", "ValidationException"}
_NO_SUCH_CLUSTER = re.compile(r"(cluster ?id|job flow id)\b.*(is not valid|does not exist)", re.IGNORECASE | re.DOTALL)
# Operations whose right has another name; of the rest it is the operation's, with the prefix of its service.
_OTHER_RIGHTS = {
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListBuckets": "s3:ListAllMyBuckets",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
    "DescribeBudgets": "budgets:ViewBudget",
    "DescribeNotificationsForBudget": "budgets:ViewBudget",
    "DescribeSubscribersForNotification": "budgets:ViewBudget",
    "StartSession": "ssm:StartSession",  # EMR has an operation of this name, too
}
_PREFIXES = {
    "emr": "elasticmapreduce",
    "s3": "s3",
    **{each: each for each in ("sts", "iam", "ssm", "pricing", "budgets", "cloudwatch", "glue", "ec2")},
}
_LONGEST = 1_000  # characters of a message
# What botocore knows of the services. A session of its own would read it again: up to a quarter of a second a client.
_LOADER = create_loader()
_ENCODED = re.compile(r"\s*Encoded authorization failure message: \S+")


class AwsRefused(InputError):
    """AWS does not let these credentials do it."""


class NotLoggedIn(InputError):
    """There are no AWS credentials, or they have expired."""


class AwsUnavailable(ExperimentError):
    """AWS did not answer or was too busy: the same request may succeed later."""


class AwsBusy(AwsUnavailable):
    """AWS throttled the request and did nothing."""


def session() -> boto3.Session:
    """A session with the account and region that are meant; every session of this program is made here.

    Raises:
        NotLoggedIn: there is no such profile.
    """
    with translated_errors("cannot use AWS"):
        core = get_session()
        core.register_component("data_loader", _LOADER)
        return boto3.Session(botocore_session=core, region_name=account.region())


def client(service: str, used: boto3.Session | None = None, attempts: int | None = None) -> Any:
    """A client of an AWS service that is patient with throttling and passing faults.

    AWS_MAX_ATTEMPTS says how patient. `attempts` is for requests that must not be repeated: one that timed out may
    have been carried out.
    """
    patience = attempts or (None if os.environ.get(_ATTEMPTS_VARIABLE) else ATTEMPTS)
    # A number here goes over that variable.
    retries: Any = {"mode": "standard"} | ({"total_max_attempts": patience} if patience else {})
    with translated_errors(f"cannot use AWS ({service})"):
        make: Any = (used or session()).client  # its stub wants each service by name
        return make(service, config=Config(retries=retries, max_pool_connections=CONNECTIONS))


@contextmanager
def translated_errors(doing: str) -> Iterator[None]:
    """Turn botocore's errors into ours; `doing` says what was being done, as in `cannot read s3://…`.

    Raises:
        NotLoggedIn: there are no credentials, or none that are still good.
        AwsRefused: these credentials may not do it.
        AwsUnavailable: AWS did not answer or has a fault of its own; `AwsBusy`: it had no time.
        InputError: what was asked for does not exist or makes no sense, or no region is set.
        ExperimentError: all else.
    """
    try:
        yield
    except ClientError as error:
        raise _of_client_error(doing, error) from error
    except exceptions.ProfileNotFound as error:
        raise NotLoggedIn(
            f"{doing}: {error}; check --profile and {account.PROFILE}, or make it: aws configure"
        ) from None
    except _NO_CREDENTIALS as error:
        raise NotLoggedIn(f"{doing}: no AWS credentials ({error}); {_LOG_IN}") from None
    except _LOGGED_OUT as error:
        raise NotLoggedIn(f"{doing}: the AWS login has expired ({error}); {_LOGIN}") from None
    except exceptions.NoRegionError:
        raise InputError(f"{doing}: {account.NO_REGION}") from None
    except exceptions.InvalidRegionError as error:
        raise InputError(f"{doing}: {str(error).rstrip('.')}; check --region and {account.REGION}") from None
    except _NO_CONNECTION as error:
        raise AwsUnavailable(f"{doing}: {error}; check the network and the region") from None
    except exceptions.WaiterError as error:
        raise _of_waiter(doing, error) from error
    except ResponseParserError as error:
        raise AwsUnavailable(
            f"{doing}: the answer is none of AWS's, as of a proxy on the way ({_plain(str(error))}); check the "
            "network, or try again in a few minutes"
        ) from error
    except BotoCoreError as error:
        raise ExperimentError(f"{doing}: {_plain(str(error))}") from error


def is_throttled(error: ClientError) -> bool:
    """Whether AWS throttled a request, which then was not carried out."""
    return code(error) in _THROTTLED


def code(error: ClientError) -> str:
    """AWS's own name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_client_error(doing: str, error: ClientError) -> ExperimentError:
    name = code(error)
    message = _plain(error.response.get("Error", {}).get("Message", "")) or name
    about = error.response.get("ResponseMetadata", {})
    if name in _EXPIRED:
        return NotLoggedIn(f"{doing}: the AWS credentials are invalid or expired: {message}; {_LOGIN}")
    if name in _CLOCK:
        remedy = f"set this machine's clock, or {_LOGIN}"
        return NotLoggedIn(f"{doing}: AWS does not accept the signature: {message}; {remedy}")
    if name in _DENIED:
        return AwsRefused(f"{doing}: {_denial(error.operation_name, message)}")
    if name in _THROTTLED:
        tries = about.get("RetryAttempts", 0) + 1
        asked = f"after {tries} attempts" if tries > 1 else "at the first attempt"
        remedy = f"wait a minute and try again, or set {_ATTEMPTS_VARIABLE} above {max(tries, ATTEMPTS)}"
        return AwsBusy(f"{doing}: AWS throttles this account ({message}, {asked}); {remedy}")
    if about.get("HTTPStatusCode", 0) >= 500:
        return AwsUnavailable(f"{doing}: AWS reports an internal error ({message}); try again in a few minutes")
    if name == "NoSuchBucket":
        bucket = error.response["Error"].get("BucketName", "")
        return InputError(f"{doing}: there is no bucket {bucket or 'of that name'}; create it or name another")
    if name in _MEANT and _NO_SUCH_CLUSTER.search(message):
        look = command_line("cluster", "list", "--all")
        remedy = f"check the id and the region (--region, {account.REGION}), or list the existing ones: {look}"
        return InputError(f"{doing}: {message.rstrip('.')}: {remedy}")
    failure = InputError if name in _MEANT else ExperimentError
    return failure(f"{doing}: {message}")


def _plain(message: str) -> str:
    """A message on one line. Gateways and proxies answer with a page of HTML, of which the words are kept."""
    if re.search(r"<\s*(!doctype|html|head|body|title)\b", message, re.IGNORECASE):
        message = html.unescape(re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", message))
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def _right_to(operation: str, words: str) -> str:
    """The right that an operation asks for, in IAM's word: AWS's own where it says it."""
    said = re.search(r"not authorized to perform: ([\w-]+:\w+)", words)
    if said:
        return said[1]
    if operation in _OTHER_RIGHTS:
        return _OTHER_RIGHTS[operation]
    known = get_session()
    prefixes = (
        prefix for service, prefix in _PREFIXES.items() if operation in known.get_service_model(service).operation_names
    )
    prefix = next(prefixes, "")
    return f"{prefix}:{operation}" if prefix else operation


def _denial(operation: str, message: str) -> str:
    """Who may not do what, in AWS's own words where it says so."""
    remedy = "allow it to this user or role, or use another profile"
    if "not authorized" not in message:
        return f"access denied to {_right_to(operation, message)}; {remedy}"
    words = _ENCODED.sub(" (details: aws sts decode-authorization-message)", message).rstrip(". ")
    return f"access denied to {_right_to(operation, words)} ({words}); {remedy}"


def _of_waiter(doing: str, error: exceptions.WaiterError) -> ExperimentError:
    """A waiter gives up after its longest time, or where a state has come that cannot lead to the one awaited."""
    if isinstance(error.last_response, dict) and "Error" in error.last_response:
        return _of_client_error(doing, ClientError(error.last_response, error.kwargs["name"]))
    if "Max attempts exceeded" in error.kwargs["reason"]:
        return ExperimentError(
            f"{doing}: it was not finished when the wait ended, and continues; wait again, or check later"
        )
    return ExperimentError(f"{doing}: it cannot reach the state that was waited for ({error.kwargs['reason']})")
