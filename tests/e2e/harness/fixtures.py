"""What tests have in common: the engines, built or found once, and small root modules."""
from functools import cache

from . import terraform_mirror
from .engine import engine_from_environment, terraform_engine
from .local_aws import REGION
from .runner import Skip

STORE = f"""
import boto3, sys
boto3.client("s3", region_name="{REGION}").create_bucket(
    Bucket="sdt-state-test", CreateBucketConfiguration={{"LocationConstraint": "{REGION}"}})
boto3.client("dynamodb", region_name="{REGION}").create_table(
    TableName="sdt-state-locks", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{{"AttributeName": "LockID", "AttributeType": "S"}}],
    KeySchema=[{{"AttributeName": "LockID", "KeyType": "HASH"}}])
"""
BUCKET = "sdt-state-test"
BACKEND = f"-backend-config=bucket={BUCKET}"


@cache
def sdt():
    """Returns the engine under test: sdt, or what IAC names."""
    return engine_from_environment()


@cache
def terraform():
    """Returns real Terraform, or skips the test."""
    if terraform_mirror.why_not():
        raise Skip(terraform_mirror.why_not())
    return terraform_engine()


def make_store(aws):
    """Makes bucket and lock table at once, for tests that are not about state/."""
    aws.script(STORE)


def root_module(key, body, lock='dynamodb_table = "sdt-state-locks"'):
    """Returns the text of a root module with an S3 backend."""
    return f"""
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}

  backend "s3" {{
    bucket = "{BUCKET}"
    key    = "{key}/terraform.tfstate"
    region = "{REGION}"
    {lock}
  }}
}}

provider "aws" {{
  region = "{REGION}"
}}
{body}
"""
