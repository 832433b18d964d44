"""What must end with a clear error, a non-zero exit code and nothing lost."""
import base64
import json
import re

from harness import LocalAws, Workspace
from harness.fixtures import BUCKET, make_store, root_module, sdt
from harness.local_aws import REGION
from harness.runner import Skip

BODY = 'data "aws_caller_identity" "me" {}\n\nresource "terraform_data" "one" {\n  input = 1\n}\n'


HELD = """
resource "aws_vpc" "one" {
  cidr_block = "10.9.0.0/16"
}

resource "aws_subnet" "one" {
  vpc_id     = aws_vpc.one.id
  cidr_block = "10.9.1.0/24"
}

resource "aws_security_group" "one" {
  name   = "one"
  vpc_id = aws_vpc.one.id

  timeouts {
    delete = "3s"
  }
}
"""
HOLD = f"""
import boto3
ec2 = boto3.client("ec2", region_name="{REGION}")
subnet = ec2.describe_subnets(Filters=[dict(Name="cidr-block", Values=["10.9.1.0/24"])])["Subnets"][0]["SubnetId"]
group = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["one"])])["SecurityGroups"][0]["GroupId"]
print(ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"])
"""


def test_broken_hcl_shows_several_errors():
    result = _fails("plan", 'locals {\n  a = = 1\n}\n\nresource "x" {\n}\n', init=False)
    assert result.count("main.tf line") >= 2, result


def test_unknown_names_are_suggested():
    _fails("validate", 'resource "aws_vpcc" "x" {}\n', "aws_vpcc", "aws_vpc")
    _fails("validate", 'resource "aws_vpc" "x" {\n  cidr_blok = "10.0.0.0/16"\n}\n', "cidr_blok", "cidr_block")
    _fails("validate", 'output "x" {\n  value = cidrsubnett("10.0.0.0/8", 1, 1)\n}\n', "cidrsubnett", "cidrsubnet")


def test_no_such_bucket():
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add("bad", root_module("bad", BODY))
        result = sdt().at(workspace, aws).run("bad", "init", "-input=false")
        _clear(result, 1, BUCKET)


def test_no_such_lock_table():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY, 'dynamodb_table = "not-there"'))
        engine.run("bad", "init", "-input=false")
        _clear(engine.run("bad", "plan", "-input=false"), 1)


def test_no_credentials():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY))
        engine.run("bad", "init", "-input=false").expect()
        gone = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        _clear(engine.run("bad", "plan", "-input=false", env=gone), 1, "credential")


def test_expired_credentials():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY))
        engine.run("bad", "init", "-input=false").expect()
        aws.set_fault("", 400, "ExpiredToken")
        _clear(engine.run("bad", "plan", "-input=false"), 1, "ExpiredToken")


def test_throttling_is_waited_out():
    with _store() as (aws, workspace, engine):
        workspace.add("good", root_module("good", 'data "aws_availability_zones" "these" {}\n'))
        engine.run("good", "init", "-input=false").expect()
        aws.set_fault("ec2:", 503, "RequestLimitExceeded", times=2)
        engine.run("good", "plan", "-input=false").expect()


def test_server_errors_end_in_an_error():
    with _store() as (aws, workspace, engine):
        if engine.terraform:
            raise Skip("its AWS provider retries for many minutes")
        workspace.add("bad", root_module("bad", 'resource "aws_vpc" "one" {\n  cidr_block = "10.9.0.0/16"\n}\n'))
        engine.run("bad", "init", "-input=false").expect()
        aws.set_fault("ec2:CreateVpc", 500, "InternalError")
        _clear(engine.run("bad", "apply", "-input=false", "-auto-approve", env={"AWS_MAX_ATTEMPTS": "2"}), 1, "InternalError", "aws_vpc.one")
        aws.clear_fault()
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        assert len(aws.inventory()["vpc"]) == 1, "the failed attempt left an object, or the second made none"


def test_already_exists_is_answered_with_an_import_block():
    with _store() as (aws, workspace, engine):
        group = 'resource "aws_cloudwatch_log_group" "one" {\n  name = "one"\n}\n'
        workspace.add("bad", root_module("bad", group))
        engine.run("bad", "init", "-input=false").expect()
        aws.script(f"import boto3; boto3.client('logs', region_name='{REGION}').create_log_group(logGroupName='one')")
        result = engine.run("bad", "apply", "-input=false", "-auto-approve")
        text = _clear(result, 1, "already exists", "aws_cloudwatch_log_group.one")
        if engine.terraform:
            return
        block = re.search(r"^  import \{\n.*?^  \}$", text, flags=re.M | re.S)
        assert block and 'id = "one"' in block[0], text
        workspace.add("bad", root_module("bad", group + block[0]))
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        engine.run("bad", "plan", "-input=false", "-detailed-exitcode").expect()


def test_who_holds_what_cannot_be_deleted():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", HELD))
        engine.run("bad", "init", "-input=false").expect()
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        interface = aws.script(HOLD).strip()
        aws.set_fault("ec2:DeleteSecurityGroup", 400, "DependencyViolation")  # the local AWS would delete it all the same
        result = engine.run("bad", "destroy", "-input=false", "-auto-approve", "-target=aws_security_group.one")
        _clear(result, 1, "DependencyViolation", *([] if engine.terraform else [f"held by network interface {interface}"]))


def test_encoded_refusals_are_decoded():
    """Where the caller may not decode them, sdt says what would let it."""
    with _store() as (aws, workspace, engine):
        if engine.terraform:
            raise Skip("Terraform shows the encoded text")
        workspace.add("bad", root_module("bad", 'resource "aws_vpc" "one" {\n  cidr_block = "10.9.0.0/16"\n}\n'))
        engine.run("bad", "init", "-input=false").expect()
        told = {"allowed": False, "explicitDeny": True, "context": {"principal": {"arn": "arn:aws:iam::1:user/one"}, "action": "ec2:CreateVpc",
                                                                    "resource": "arn:aws:ec2:eu-west-1:1:vpc/*"}}
        encoded = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
        message = f"You are not authorized to perform this operation. Encoded authorization failure message: {encoded}"
        aws.set_fault("ec2:CreateVpc", 403, "UnauthorizedOperation", message=message)
        apply = ("bad", "apply", "-input=false", "-auto-approve")
        text = _clear(engine.run(*apply), 1, "arn:aws:iam::1:user/one may not do ec2:CreateVpc on arn:aws:ec2:eu-west-1:1:vpc/*: a policy denies it")
        assert encoded not in text, text
        aws.set_fault("ec2:CreateVpc", 403, "UnauthorizedOperation", message=message.replace(encoded, "nonsense"))
        _clear(engine.run(*apply), 1, "sts:DecodeAuthorizationMessage lets sdt read it")


def test_states_that_must_not_be_used():
    """A state from the future, half a state, and one that its digest does not fit."""
    for text, words in (
            (json.dumps({"version": 5, "serial": 1, "lineage": "x"}), ("version",)),
            ('{"version": 4, "serial": 1, "lin', ())):
        with _store() as (aws, workspace, engine):
            workspace.add("bad", root_module("bad", BODY))
            engine.run("bad", "init", "-input=false").expect()
            _put(aws, "bad/terraform.tfstate", text)
            result = _clear(engine.run("bad", "apply", "-input=false", "-auto-approve"), 1, *words)
            assert _get(aws, "bad/terraform.tfstate") == text, f"the state was overwritten\n{result}"


def test_wrong_lineage_and_serial_are_not_pushed():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY))
        engine.run("bad", "init", "-input=false").expect()
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        state = json.loads(engine.run("bad", "state pull").expect().out)
        for change in ({"lineage": "other"}, {"serial": state["serial"] - 1}):
            (workspace.root / "bad" / "pushed.json").write_text(json.dumps({**state, **change}))
            _clear(engine.run("bad", "state push", "pushed.json"), 1)
        assert json.loads(engine.run("bad", "state pull").expect().out) == state


def test_digest_mismatch():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY))
        engine.run("bad", "init", "-input=false").expect()
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        state = json.loads(_get(aws, "bad/terraform.tfstate"))
        _put(aws, "bad/terraform.tfstate", json.dumps({**state, "serial": state["serial"] + 1}))
        _clear(engine.run("bad", "plan", "-input=false"), 1)


def test_damaged_and_foreign_plans():
    with _store() as (aws, workspace, engine):
        workspace.add("bad", root_module("bad", BODY))
        engine.run("bad", "init", "-input=false").expect()
        engine.run("bad", "plan", "-input=false", "-out=plan.out").expect()
        plan = workspace.root / "bad" / "plan.out"
        whole = plan.read_bytes()
        plan.write_bytes(whole[:len(whole) // 2])
        _clear(engine.run("bad", "apply", "-input=false", "plan.out"), 1)
        plan.write_bytes(whole)
        engine.run("bad", "apply", "-input=false", "-auto-approve").expect()
        _clear(engine.run("bad", "apply", "-input=false", "plan.out"), 1, "stale")


class _store:
    """A local AWS with bucket and table, a workspace, and sdt in it."""

    def __enter__(self):
        self.aws = LocalAws().__enter__()
        self.workspace = Workspace()
        make_store(self.aws)
        return self.aws, self.workspace, sdt().at(self.workspace, self.aws)

    def __exit__(self, *_):
        self.workspace.__exit__()
        self.aws.__exit__()


def _fails(command, text, *words, init=True):
    """Runs a command on a root module of one file without AWS and returns its error."""
    with Workspace() as workspace:
        engine = sdt().at(workspace)
        workspace.add("bad", text)
        if init:
            engine.run("bad", "init", "-input=false", "-backend=false")
        return _clear(engine.run("bad", command), 1, *words)


def _clear(result, code, *words):
    text = result.out + result.err
    assert result.code == code, f"{result.command} ended with {result.code}, expected {code}:\n{text[-3000:]}"
    assert "panicked" not in text and ("Error" in text or "Failed" in text), text
    for word in words:
        assert word.lower() in text.lower(), f"`{word}` is not in:\n{text[-3000:]}"
    return text


def _put(aws, key, text):
    aws.script(f"import boto3, sys; boto3.client('s3', region_name='{REGION}').put_object(Bucket='{BUCKET}', Key=sys.argv[1], Body=sys.argv[2].encode())", key, text)


def _get(aws, key):
    return aws.script(f"import boto3, sys; sys.stdout.write(boto3.client('s3', region_name='{REGION}').get_object(Bucket='{BUCKET}', Key=sys.argv[1])['Body'].read().decode())", key)
