"""Ephemeral resources of AWS: opened while planning where that can be, used by write-only arguments, stored nowhere."""
import json

from harness import LocalAws, Workspace
from harness.fixtures import sdt, terraform

BODY = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

ephemeral "aws_secretsmanager_random_password" "drawn" {
  password_length     = 40
  exclude_punctuation = true

  lifecycle {
    postcondition {
      condition     = length(self.random_password) == 40
      error_message = "The password is too short."
    }
  }
}

resource "aws_secretsmanager_secret" "login" {
  name                    = "login"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "login" {
  secret_id                = aws_secretsmanager_secret.login.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.drawn.random_password
  secret_string_wo_version = 1
}

ephemeral "aws_secretsmanager_secret_version" "login" {
  secret_id = aws_secretsmanager_secret_version.login.secret_id
}

resource "aws_ssm_parameter" "copy" {
  name             = "/login"
  type             = "SecureString"
  value_wo         = ephemeral.aws_secretsmanager_secret_version.login.secret_string
  value_wo_version = 1
}

ephemeral "aws_ssm_parameter" "copy" {
  arn        = aws_ssm_parameter.copy.arn
  depends_on = [aws_ssm_parameter.copy]
}

resource "terraform_data" "same" {
  lifecycle {
    precondition {
      condition     = ephemeral.aws_ssm_parameter.copy.value == ephemeral.aws_secretsmanager_secret_version.login.secret_string
      error_message = "The parameter differs from the secret."
    }
  }
}
'''
# {payload}: a text that KMS has encrypted.
DECRYPTED = '''
ephemeral "aws_kms_secrets" "text" {{
  secret {{
    name    = "word"
    payload = "{payload}"

    context = {{
      purpose = "test"
    }}
  }}
}}

resource "aws_ssm_parameter" "word" {{
  name             = "/word"
  type             = "SecureString"
  value_wo         = ephemeral.aws_kms_secrets.text.plaintext["word"]
  value_wo_version = 1
}}
'''
ENCRYPT = '''
import base64, boto3
kms = boto3.client("kms")
key = kms.create_key()["KeyMetadata"]["KeyId"]
made = kms.encrypt(KeyId=key, Plaintext=b"hush", EncryptionContext={"purpose": "test"})
print(base64.b64encode(made["CiphertextBlob"]).decode())
'''
VALUES = '''
import boto3
print(boto3.client("secretsmanager").get_secret_value(SecretId="login")["SecretString"])
print(boto3.client("ssm").get_parameter(Name="/login", WithDecryption=True)["Parameter"]["Value"])
'''


def test_values_for_a_run():
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add("root", BODY)
        engine = sdt().at(workspace, aws)
        engine.run("root", "init", "-input=false").expect()
        plan = engine.run("root", "plan", "-input=false", "-out=saved").expect()
        drawn, login = "ephemeral.aws_secretsmanager_random_password.drawn", "ephemeral.aws_secretsmanager_secret_version.login"
        for line in (f"{drawn}: Opening complete", f"{drawn}: Closing complete", f"{login}: Configuration unknown, deferring..."):
            assert line in plan.out, plan.out
        messages = engine.run("root", "apply", "-input=false", "-json", "saved").expect()
        steps = [(m["type"], m["hook"]["action"]) for m in map(json.loads, messages.out.splitlines())
                 if m["type"].startswith("ephemeral_op") and m["hook"]["resource"]["addr"] == login]
        assert steps == [(f"ephemeral_op_{kind}", action) for action in ("open", "close") for kind in ("start", "complete")], steps
        secret, copy = aws.script(VALUES).split()
        assert secret == copy and len(secret) == 40, (secret, copy)
        held = [f.name for f in workspace.root.rglob("*") if f.is_file() and secret.encode() in f.read_bytes()]
        assert not held, f"the password is in {held}"
        assert secret not in plan.out + messages.out
        engine.run("root", "plan", "-input=false", "-detailed-exitcode").expect()
        # The other engine sees what this one has made as made.
        other = terraform().at(workspace, aws)
        other.run("root", "init", "-input=false").expect()
        other.run("root", "plan", "-input=false", "-detailed-exitcode").expect()
        engine.run("root", "destroy", "-input=false", "-auto-approve").expect()


def test_what_is_not_there():
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add("root", BODY.split("ephemeral", 1)[0] + 'ephemeral "aws_ssm_parameter" "none" {\n'
                      '  arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/none"\n}\n\nresource "terraform_data" "any" {}\n')
        engine = sdt().at(workspace, aws)
        engine.run("root", "init", "-input=false").expect()
        refused = engine.run("root", "plan", "-input=false").expect(1)
        assert "with ephemeral.aws_ssm_parameter.none" in refused.err, refused.err


def test_decrypted_texts():
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add("root", BODY.split("ephemeral", 1)[0] + DECRYPTED.format(payload=aws.script(ENCRYPT).strip()))
        engine = sdt().at(workspace, aws)
        engine.run("root", "init", "-input=false").expect()
        engine.run("root", "apply", "-input=false", "-auto-approve").expect()
        got = aws.script('import boto3; print(boto3.client("ssm").get_parameter(Name="/word", WithDecryption=True)["Parameter"]["Value"])')
        assert got.strip() == "hush", got
        assert "hush" not in (workspace.root / "root" / "terraform.tfstate").read_text()
