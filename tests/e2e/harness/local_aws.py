"""Starts, asks and ends the local AWS of tests/e2e/local_aws."""
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from . import venv

HERE = Path(__file__).resolve().parents[1] / "local_aws"
REGION = "eu-west-1"


class LocalAws:
    """A local AWS on a free loopback port; a context manager, so that it ends whatever happens.

    The server also ends by itself when this process does: it watches its standard input.
    """

    def __init__(self):
        self.python = venv.python()
        self.folder = tempfile.TemporaryDirectory(prefix="sdt-aws-")
        self.process = None
        self.endpoint = None

    def __enter__(self):
        port_file, log = Path(self.folder.name) / "port", open(Path(self.folder.name) / "log", "w")
        # Nothing starts a machine, and making more than a thousand images takes seconds, at each reset again.
        images = Path(self.folder.name) / "images.json"
        images.write_text("[]")
        environment = dict(os.environ, MOTO_IAM_LOAD_MANAGED_POLICIES="true", MOTO_AMIS_PATH=str(images), PYTHONDONTWRITEBYTECODE="1")
        # Its own session: a Ctrl-C is for the script, which needs the server to clean up.
        self.process = subprocess.Popen([self.python, str(HERE / "server.py"), str(port_file)], stdin=subprocess.PIPE,
                                        stdout=log, stderr=log, env=environment, start_new_session=True)
        deadline = time.monotonic() + 120
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = Path(log.name).read_text()
                self.__exit__()
                raise RuntimeError(f"the local AWS did not start:\n{text}")
            time.sleep(0.05)
        self.endpoint = f"http://127.0.0.1:{port_file.read_text()}"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def environment(self):
        """Returns the variables with which a client finds this AWS and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self.endpoint + path, data), timeout=120) as reply:
            return reply.read()

    def reset(self):
        """Empties the account and forgets the requests."""
        self._ask("/moto-api/reset", {})
        self.clear()

    def make_store(self, bucket, table):
        """Makes a bucket and a lock table for states."""
        self._ask("/_local/store", {"bucket": bucket, "table": table})

    def clear(self):
        self._ask("/_local/clear", {})

    def requests(self):
        return json.loads(self._ask("/_local/requests"))

    def calls(self):
        """Counts the requests by operation, without STS and without the traffic of states and locks."""
        return Counter(f"{r['service']}:{r['operation']}" for r in self.requests() if r["service"] != "sts" and not r["state"])

    def set_trap(self, after):
        """Kills the victim after its Nth mutating request was carried out and before it learns that."""
        self._ask("/_local/trap", {"after": after})

    def set_victim(self, process):
        self._ask("/_local/victim", {"pid": process.pid})

    def trap(self):
        """Returns how many mutating requests the trap has seen, and which operation sprung it."""
        return json.loads(self._ask("/_local/trap"))

    def clear_trap(self):
        self._ask("/_local/trap", {})

    def set_fault(self, match, status, code, times=10**9, message="injected"):
        """Answers requests whose "service:operation" contains `match` with an error."""
        self._ask("/_local/fault", {"match": match, "status": status, "code": code, "times": times, "message": message})

    def clear_fault(self):
        self._ask("/_local/fault", {})

    @contextmanager
    def holding(self, match):
        """Lets requests whose "service:operation" contains `match` wait."""
        self._ask("/_local/hold", {"match": match})
        try:
            yield
        finally:
            self._ask("/_local/hold", {})

    def script(self, text, *arguments):
        """Runs Python with boto3 against this AWS, as someone does who works behind the engine's back."""
        environment = {**os.environ, **self.environment(), "AWS_ACCESS_KEY_ID": "outside", "AWS_DEFAULT_REGION": REGION}
        run = subprocess.run([self.python, "-c", text, *arguments], env=environment, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(run.stderr)
        return run.stdout

    def inventory(self):
        """Returns what exists: kind -> descriptions without generated ids."""
        return json.loads(self._ask("/_local/inventory"))
