"""What AWS and botocore raise, as sentences: raised by botocore, or answered by a server on this machine."""

import ast
import http.server
import json
import os
import re
import threading
import time

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError, TokenRetrievalError, WaiterError
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber
from typer.testing import CliRunner

from launcher.cli import app
from launcher.support import account, aws
from launcher.support.aws import AwsRefused, AwsUnavailable, NotLoggedIn, translated_errors
from launcher.support.project import PROJECT
from lib.errors import ExperimentError, InputError


def of_code(code: str, message: str, operation: str = "describe_cluster", service: str = "emr", **more) -> str:
    """What is said of a client error."""
    client = boto3.client(service)
    with Stubber(client) as stub:
        stub.add_client_error(operation, code, message, **more)
        with pytest.raises(ExperimentError) as caught, translated_errors("cannot do it"):
            getattr(client, operation)(**({"ClusterId": "j-A"} if service == "emr" else {}))
    of_code.kind = type(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"])
def test_expired_credentials(code):
    said = of_code(code, "The security token included in the request is expired")
    assert said.startswith("cannot do it: the AWS credentials are invalid or expired: The security token included")
    assert said.endswith("log in again (aws sso login, aws configure) or give another profile (--profile, AWS_PROFILE)")
    assert of_code.kind is NotLoggedIn


def test_a_wrong_clock():
    said = of_code("InvalidSignatureException", "Signature expired: 20261125T040000Z is now earlier than …")
    assert "set this machine's clock" in said


def test_a_login_by_sso_that_is_over(monkeypatch, tmp_path):
    lines = ["sso_start_url = https://x", "sso_region = us-east-1", "sso_account_id = 1", "sso_role_name = r"]
    (tmp_path / "config").write_text("\n".join(["[profile team]", *lines]))
    without_credentials(monkeypatch, AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="team", HOME=str(tmp_path))
    with pytest.raises(NotLoggedIn, match=r"login has expired \(.*SSO.*\); log in again \(aws sso login"):
        ask()
    with pytest.raises(NotLoggedIn, match="Token has expired and refresh failed"), translated_errors("cannot do it"):
        raise TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed")


def test_no_credentials_and_no_such_profile(monkeypatch):
    without_credentials(monkeypatch)
    with pytest.raises(NotLoggedIn, match=r"no AWS credentials \(Unable to locate credentials\); log in \(aws"):
        ask()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NotLoggedIn, match=r"profile \(nobody\) could not be found; check --profile and AWS_PROFILE"):
        aws.client("emr")


def test_no_region(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(InputError, match="no AWS region is set; give it with --region, or set AWS_REGION"):
        aws.client("emr")


@pytest.mark.parametrize(
    ("typed", "variables", "region"),
    [
        ([], {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ([], {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ([], {"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ([], {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ([], {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "team"}, "eu-west-1"),
        ([], {"AWS_PROFILE": "team"}, "sa-east-1"),
        (["--profile", "team"], {}, "sa-east-1"),
        (["--region", "eu-west-1"], {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "eu-west-1"),
        (["--region", "eu-west-1", "--profile", "team"], {}, "eu-west-1"),
    ],
)
@pytest.mark.parametrize("before", [False, True], ids=["at the command", "before it"])
def test_the_region_is_that_of_the_aws_command_line(emr, environment, typed, variables, region, before, tmp_path):
    """The rule of `aws`: typed, AWS_REGION, AWS_DEFAULT_REGION, the profile's."""
    (tmp_path / "config").write_text(
        "[profile team]\nregion = sa-east-1\naws_access_key_id = x\naws_secret_access_key = x"
    )
    environment(AWS_CONFIG_FILE=str(tmp_path / "config"), **variables)
    words = [*typed, "cluster", "list"] if before else ["cluster", "list", *typed]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert f"No cluster is active in {region}; " in done.stdout
    # What it names can be pasted: it goes to the same account and region.
    options = "".join(f" {option} {value}" for option, value in sorted(zip(typed[::2], typed[1::2], strict=True)))
    assert done.stdout.endswith(f"create one with: python run_experiment.py cluster create{options}\n")
    assert aws.session().region_name == region


def test_a_profile_that_is_typed_goes_over_keys_in_the_environment(emr, environment, tmp_path):
    (tmp_path / "config").write_text(
        "[profile team]\nregion = sa-east-1\naws_access_key_id = TEAM\naws_secret_access_key = x"
    )
    environment(AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert CliRunner().invoke(app, ["cluster", "list", "--profile", "team"]).exit_code == 0
    assert aws.session().get_credentials().access_key == "TEAM"


@pytest.mark.parametrize("option", ["--region", "--profile"])
def test_what_is_typed_of_the_account_is_refused_in_a_sentence(environment, option):
    environment(AWS_DEFAULT_REGION="us-east-1")
    for value, problem in (("", "is empty"), ("!!", f"check {option}")):
        done = CliRunner().invoke(app, ["cluster", "list", option, value])
        assert (done.exit_code, problem in done.stderr) == (2, True)


def test_sessions_are_made_in_one_place():
    """A session of its own would go to boto3's region, which does not know AWS_REGION."""
    by_node = ("access_probe.py",)  # runs on a node, without our code
    made = re.compile(r"(boto3\.Session|boto3\.client|boto3\.resource|(?<!\.)\bSession)\(")
    for path in sorted((PROJECT / "launcher").rglob("*.py")):
        program = ast.unparse(ast.parse(path.read_text()))
        if path.name not in by_node and path != PROJECT / "launcher" / "support" / "aws.py":
            found = [line for line in program.splitlines() if made.search(line) and "import boto3, hashlib" not in line]
            assert not [line for line in found if "archive = boto3.client" not in line], path


def test_no_permission_in_the_words_of_aws():
    who = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: elasticmapreduce:DescribeCluster"
    why = "on resource: arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/j-A because no identity-based policy…"
    said = of_code("AccessDeniedException", f"{who} {why}")
    assert f"access denied to elasticmapreduce:DescribeCluster ({who} {why}" in said
    assert said.endswith("); allow it to this user or role, or use another profile")
    assert of_code.kind is AwsRefused
    assert "access denied to elasticmapreduce:DescribeCluster; allow it" in of_code("AccessDenied", "Access Denied")


@pytest.mark.parametrize(
    ("service", "operation", "right"),
    [
        ("s3", "list_objects_v2", "s3:ListBucket"),
        ("s3", "head_bucket", "s3:ListBucket"),
        ("s3", "head_object", "s3:GetObject"),
        ("s3", "put_object", "s3:PutObject"),
        ("emr", "list_clusters", "elasticmapreduce:ListClusters"),
        ("iam", "list_roles", "iam:ListRoles"),
        ("pricing", "get_products", "pricing:GetProducts"),
        ("cloudwatch", "get_metric_statistics", "cloudwatch:GetMetricStatistics"),
        ("ec2", "describe_subnets", "ec2:DescribeSubnets"),
        ("ssm", "start_session", "ssm:StartSession"),
    ],
)
def test_a_denial_names_the_right_that_a_policy_names(service, operation, right):
    client = boto3.client(service)
    failed = ClientError(
        {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, operation_name(client, operation)
    )
    with (
        pytest.raises(AwsRefused, match=f"cannot do it: access denied to {right}; "),
        translated_errors("cannot do it"),
    ):
        raise failed


def operation_name(client, method: str) -> str:
    return client.meta.method_to_api_mapping[method]


def test_a_page_of_html_is_told_in_one_line():
    page = (
        "<!doctype html>\n<html lang=en>\n<style>h1 {color: red}</style><title>502 Bad Gateway</title>\n"
        "<h1>The proxy&#39;s fault</h1>"
    )
    said = of_code("502", page, http_status_code=502)
    assert said.startswith("cannot do it: AWS reports an internal error (502 Bad Gateway The proxy's fault); try again")
    with pytest.raises(AwsUnavailable) as caught, translated_errors("cannot do it"):
        raise ResponseParserError(f"Unable to parse response (syntax error), invalid XML received:\n{page}")
    assert "Bad Gateway" in str(caught.value)
    assert not {"<", "\n"} & set(str(caught.value))


def test_a_denial_that_aws_encodes_is_kept_short():
    encoded = "You are not authorized to perform this operation. Encoded authorization failure message: " + "x" * 900
    said = of_code("UnauthorizedOperation", encoded, "describe_subnets", "ec2")
    assert "xxx" not in said
    assert "aws sts decode-authorization-message" in said


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidRequestException", "Cluster id 'j-A' is not valid."),
        ("ValidationException", "Specified job flow ID does not exist."),
    ],
)
def test_no_such_cluster(code, message):
    said = of_code(code, message)
    assert said.startswith(f"cannot do it: {message[:-1]}: check the id and the region (--region, AWS_REGION)")
    assert "cluster list --all" in said
    assert of_code.kind is InputError


def test_a_fault_of_aws_may_pass():
    assert "an internal error (An internal error" in of_code(
        "InternalFailure", "An internal error occurred", http_status_code=500
    )
    assert of_code.kind is AwsUnavailable


def test_throttling_is_waited_out(throttling, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    throttling.left = aws.ATTEMPTS - 1
    assert aws.client("emr").list_clusters()["Clusters"] == []
    assert (throttling.asked, len(waits)) == (aws.ATTEMPTS, aws.ATTEMPTS - 1)


def test_throttling_that_does_not_end(throttling, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    with pytest.raises(AwsUnavailable) as caught:
        ask()
    assert "AWS throttles this account (Rate exceeded, after 3 attempts); wait a minute" in str(caught.value)
    assert throttling.asked == 3


def test_what_must_not_be_repeated_is_asked_once(throttling):
    with pytest.raises(AwsUnavailable, match="at the first attempt"), translated_errors("cannot do it"):
        aws.client("emr", attempts=1).list_clusters()
    assert throttling.asked == 1


def test_a_lost_connection(throttling, monkeypatch):
    throttling.shutdown()
    throttling.server_close()
    with pytest.raises(AwsUnavailable, match=r"Could not connect to the endpoint URL: .*; check the network"):
        ask()
    with pytest.raises(AwsUnavailable, match="Read timeout on endpoint"), translated_errors("cannot do it"):
        raise ReadTimeoutError(endpoint_url="https://elasticmapreduce")


def test_waiters():
    with (
        pytest.raises(ExperimentError, match="not finished when the wait ended, and continues"),
        translated_errors("cannot wait"),
    ):
        raise WaiterError("cluster_running", "Max attempts exceeded", {})
    said = r"cannot reach the state that was waited for \(Waiter encountered a terminal"
    with pytest.raises(ExperimentError, match=said), translated_errors("cannot wait"):
        raise WaiterError("cluster_running", "Waiter encountered a terminal failure state", {"Cluster": {}})
    denied = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    with pytest.raises(AwsRefused), translated_errors("cannot wait"):
        raise WaiterError("cluster_running", "An error occurred", denied)


def test_a_command_ends_with_one_sentence(throttling, monkeypatch):
    done = CliRunner().invoke(app, ["cluster", "list"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: cannot list clusters: AWS throttles this account")
    assert done.stderr.count("\n") == 1
    without_credentials(monkeypatch)
    done = CliRunner().invoke(app, ["cluster", "status"])
    assert done.exit_code == 2
    assert "no AWS credentials" in done.stderr


def ask() -> None:
    with translated_errors("cannot list clusters"):
        aws.client("emr").list_clusters()


def without_credentials(monkeypatch, **variables: str) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    given = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", **variables}
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def environment(monkeypatch):
    """Set the variables of AWS, and take back what the options of a command have set."""
    before = dict(os.environ)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        os.environ.pop(name, None)
    monkeypatch.setattr(account, "_typed", {})
    yield lambda **variables: os.environ.update(variables)
    os.environ.clear()
    os.environ.update(before)


class Throttling(http.server.BaseHTTPRequestHandler):
    """An EMR without clusters that has no time at first."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.server.left -= 1
        busy = self.server.left >= 0
        body = {"__type": "ThrottlingException", "message": "Rate exceeded"} if busy else {"Clusters": []}
        content = json.dumps(body).encode()
        self.send_response(400 if busy else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def throttling(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Throttling)
    server.asked, server.left = 0, 1_000
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    yield server
    server.shutdown()
    server.server_close()
