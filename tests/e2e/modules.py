"""Modules that come from S3 (an archive, a folder in it, one version of an object, a folder of objects) and from a registry."""
import json

from harness import LocalAws, Workspace
from harness.fixtures import sdt
from harness.registry import Registry
from harness.runner import Skip

UPLOAD = '''
import boto3, io, sys, zipfile
s3 = boto3.client("s3")
s3.create_bucket(Bucket="modules", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_bucket_versioning(Bucket="modules", VersioningConfiguration={"Status": "Enabled"})
def archive(word):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("main.tf", 'output "word" {\\n  value = "%s"\\n}\\n' % word)
        z.writestr("inner/main.tf", 'output "word" {\\n  value = "inner %s"\\n}\\n' % word)
    return out.getvalue()
first = s3.put_object(Bucket="modules", Key="a/word.zip", Body=archive("first"))["VersionId"]
s3.put_object(Bucket="modules", Key="a/word.zip", Body=archive("second"))
s3.put_object(Bucket="modules", Key="folder/main.tf", Body=b'output "word" {\\n  value = file("${path.module}/text/word.txt")\\n}\\n')
s3.put_object(Bucket="modules", Key="folder/text/word.txt", Body=b"folder")
print(first)
'''
WORDS = {"archive": "second", "inner": "inner second", "version": "first", "folder": "folder"}


def _configuration(endpoint, version):
    at = f"s3::{endpoint}/modules"
    sources = {"archive": f"{at}/a/word.zip?region=eu-west-1", "inner": f"{at}/a/word.zip//inner?region=eu-west-1",
               "version": f"{at}/a/word.zip?region=eu-west-1&version={version}", "folder": f"{at}/folder?region=eu-west-1"}
    calls = "".join(f'module "{name}" {{\n  source = "{source}"\n}}\n' for name, source in sources.items())
    words = "".join(f"    {name} = module.{name}.word\n" for name in sources)
    return calls + f'output "words" {{\n  value = {{\n{words}  }}\n}}\n'


def _words(engine, where):
    engine.run(where, "init", "-input=false").expect()
    engine.run(where, "apply", "-input=false", "-auto-approve").expect()
    return json.loads(engine.run(where, "output", "-json", "words").expect().out)


def test_from_s3():
    if sdt().terraform:
        raise Skip("about what sdt installs")
    with LocalAws() as aws, Workspace() as workspace:
        text = _configuration(aws.endpoint, aws.script(UPLOAD).strip())
        workspace.add("mine", text)
        assert _words(sdt().at(workspace, aws), "mine") == WORDS
        # The endpoint of the environment stands in for that of AWS.
        workspace.add("named", text.replace(f"s3::{aws.endpoint}/", "s3::https://s3-eu-west-1.amazonaws.com/"))
        assert _words(sdt().at(workspace, aws), "named") == WORDS
        workspace.add("absent", text.replace("word.zip", "nowhere.zip"))
        refused = sdt().at(workspace, aws).run("absent", "init", "-input=false").expect(1)
        assert 'no object "a/nowhere.zip" in the bucket "modules"' in refused.err, refused.err


def _call(name, source, version, more=""):
    return f'module "{name}" {{\n  source  = "{source}"\n  version = {version}\n{more}}}\n\noutput "{name}" {{\n  value = module.{name}.word\n}}\n'


def test_from_a_registry():
    versions = ["0.9.0", "1.0.0", "1.2.3", "1.3.0-beta1", "2.0.0"]
    with Registry(versions) as registry, Workspace() as workspace:
        at = f"{registry.host}/team/word/any"
        wanted = {"newest": ("2.0.0", at, '">= 0.9"'), "pinned": ("1.0.0", at, '"1.0.0"'), "minor": ("1.2.3", at, '"~> 1.0"'),
                  "beta": ("1.3.0-beta1", at, '"1.3.0-beta1"'), "inner": ("inner 1.2.3", f"{at}//inner", '"~> 1.2, < 2.0"')}
        workspace.add("root", "".join(_call(name, source, version) for name, (_, source, version) in wanted.items()))
        engine = sdt().at(workspace)
        env = registry.trust
        engine.run("root", "init", "-input=false", env=env).expect()
        listed = json.loads((workspace.root / "root" / ".terraform" / "modules" / "modules.json").read_text())["Modules"]
        assert {m["Key"]: m.get("Version") for m in listed if m["Key"]} == {
            name: word.removeprefix("inner ") for name, (word, _, _) in wanted.items()}, listed
        engine.run("root", "apply", "-input=false", "-auto-approve", env=env).expect()
        outputs = json.loads(engine.run("root", "output", "-json").expect().out)
        assert {name: o["value"] for name, o in outputs.items()} == {name: word for name, (word, _, _) in wanted.items()}
        # What is installed is not asked for again, until -upgrade says so.
        asked = len(registry.requests)
        engine.run("root", "init", "-input=false", env=env).expect()
        assert len(registry.requests) == asked, registry.requests[asked:]
        registry.versions.append("2.1.0")
        engine.run("root", "init", "-input=false", "-upgrade", env=env).expect()
        engine.run("root", "apply", "-input=false", "-auto-approve", env=env).expect()
        assert json.loads(engine.run("root", "output", "-json").expect().out)["newest"]["value"] == "2.1.0"
        workspace.add("nowhere", _call("none", at, '"~> 7.0"'))
        refused = engine.run("nowhere", "init", "-input=false", env=env).expect(1)
        assert "Unresolvable module version constraint" in refused.err, refused.err
        # Without the authority the registry is a stranger.
        workspace.add("stranger", _call("newest", at, '">= 0.9"'))
        engine.run("stranger", "init", "-input=false").expect(1)


def test_versions_by_variables():
    if sdt().terraform:
        raise Skip("constant variables in module blocks came after Terraform 1.11")
    with Registry(["1.0.0", "1.1.0"]) as registry, Workspace() as workspace:
        variable = 'variable "wanted" {\n  type    = string\n  const   = true\n  default = "1.0.0"\n}\n\n'
        workspace.add("root", variable + _call("one", f"{registry.host}/team/word/any", "var.wanted"))
        engine = sdt().at(workspace)
        for more, word in [((), "1.0.0"), (("-var=wanted=1.1.0",), "1.1.0")]:
            engine.run("root", "init", "-input=false", *more, env=registry.trust).expect()
            engine.run("root", "apply", "-input=false", "-auto-approve", *more).expect()
            assert json.loads(engine.run("root", "output", "-json", "one").expect().out) == word
