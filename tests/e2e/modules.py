"""Modules that come from S3: an archive, a folder in it, one version of an object, a folder of objects."""
import json

from harness import LocalAws, Workspace
from harness.fixtures import sdt
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
