"""States in S3 beyond plan and apply: workspaces, older snapshots, and what other configurations read of them."""
import json

from harness import LocalAws, Workspace
from harness.fixtures import BACKEND, BUCKET, make_store, root_module, sdt, terraform
from harness.local_aws import REGION
from harness.runner import Skip

BODY = '''
variable "word" {
  default = "first"
}

resource "terraform_data" "kept" {
  input = var.word
}

output "word" {
  value = terraform_data.kept.output
}

output "where" {
  value = terraform.workspace
}
'''


def _reader(key, workspace):
    """Returns a root module that reads the outputs of another one's state."""
    return f'''
data "terraform_remote_state" "other" {{
  backend   = "s3"
  workspace = "{workspace}"

  config = {{
    bucket = "{BUCKET}"
    key    = "{key}/terraform.tfstate"
    region = "{REGION}"
  }}

  defaults = {{
    extra = "default"
  }}
}}

output "read" {{
  value = "${{data.terraform_remote_state.other.outputs.word}} ${{data.terraform_remote_state.other.outputs.where}} ${{data.terraform_remote_state.other.outputs.extra}}"
}}
'''


def _apply(engine, where, *more):
    engine.run(where, "apply", "-input=false", "-auto-approve", *more).expect()


def _outputs(engine, where):
    return {name: o["value"] for name, o in json.loads(engine.run(where, "output", "-json").expect().out).items()}


def test_workspaces_and_remote_states():
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        workspace.add("root", root_module("root", BODY))
        engine = sdt().at(workspace, aws)
        engine.run("root", "init", "-input=false", BACKEND).expect()
        _apply(engine, "root")
        engine.run("root", "workspace new side").expect()
        _apply(engine, "root", "-var=word=second")
        assert _outputs(engine, "root") == {"word": "second", "where": "side"}
        assert engine.run("root", "workspace list").expect().out.split() == ["default", "*", "side"]
        keys = aws.script(f'import boto3; print(*(o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket="{BUCKET}")["Contents"]))')
        assert {k for k in keys.split() if k.endswith(".tfstate")} == {"root/terraform.tfstate", "env:/side/root/terraform.tfstate"}, keys
        # Both programs read both states, each from a configuration of its own.
        for program in (engine, terraform().at(workspace, aws)):
            for name, words in (("default", "first default"), ("side", "second side")):
                where = f"reader-{program.name}-{name}"
                workspace.add(where, _reader("root", name))
                program.run(where, "init", "-input=false").expect()
                _apply(program, where)
                assert _outputs(program, where) == {"read": f"{words} default"}, where
        engine.run("root", "workspace select default").expect()
        refused = engine.run("root", "workspace delete", "side").expect(1)
        assert "not empty" in refused.err, refused.err
        engine.run("root", "workspace select side").expect()
        engine.run("root", "destroy", "-input=false", "-auto-approve").expect()
        engine.run("root", "workspace select default").expect()
        engine.run("root", "workspace delete", "side").expect()
        assert engine.run("root", "workspace list").expect().out.split() == ["*", "default"]
        assert _outputs(engine, "root")["word"] == "first"


def test_older_snapshots():
    if sdt().terraform:
        raise Skip("Terraform has no command for older snapshots")
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        aws.script(f'import boto3; boto3.client("s3").put_bucket_versioning(Bucket="{BUCKET}", VersioningConfiguration={{"Status": "Enabled"}})')
        workspace.add("root", root_module("root", BODY))
        engine = sdt().at(workspace, aws)
        engine.run("root", "init", "-input=false", BACKEND).expect()
        _apply(engine, "root")
        _apply(engine, "root", "-var=word=second")
        lines = engine.run("root", "state history").expect().out.splitlines()
        # "TIME  NAME  serial N, M object(s), B bytes", without the present one.
        assert len(lines) == 1 and "serial 1, 1 object(s)" in lines[0], lines
        older = lines[0].split("  ")[1]
        changes = engine.run("root", "state diff", older).expect().out
        assert "~ terraform_data.kept: input, output" in changes and "~ output.word" in changes, changes
        assert "first" not in changes and "second" not in changes, "values may be secret"
        asked = engine.run("root", "state restore", older).expect(1)
        assert "Cancelled" in asked.err and _outputs(engine, "root")["word"] == "second", asked.err
        engine.run("root", "state restore", "-auto-approve", older).expect()
        assert _outputs(engine, "root")["word"] == "first"
        assert json.loads(engine.run("root", "state pull").expect().out)["serial"] == 3
        engine.run("root", "plan", "-input=false", "-detailed-exitcode").expect()
        engine.run("root", "state restore", "-auto-approve", "no-such-version").expect(1)
        # Another state's snapshot is refused.
        workspace.add("other", root_module("other", BODY))
        engine.run("other", "init", "-input=false", BACKEND).expect()
        _apply(engine, "other")
        foreign = workspace.root / "foreign.tfstate"
        foreign.write_text(engine.run("other", "state pull").expect().out)
        refused = engine.run("root", "state restore", "-auto-approve", str(foreign)).expect(1)
        assert "Snapshot of another state" in refused.err, refused.err
