"""What tests have in common: the engines, built or found once, and small root modules."""
from functools import cache

from . import terraform_mirror
from .engine import engine_from_environment, terraform_engine
from .local_aws import REGION
from .runner import Skip

BUCKET, TABLE = "sdt-state-test", "sdt-state-locks"
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
    aws.make_store(BUCKET, TABLE)


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
