"""A registry of modules on https, with an authority of its own that engines are told to trust."""
import http.server
import io
import json
import shutil
import ssl
import subprocess
import tempfile
import threading
import zipfile
from pathlib import Path

from .runner import Skip


class Registry:
    """Serves one module, team/word/any, in several versions; each has an output that names its version."""

    def __init__(self, versions):
        self.versions, self.requests = versions, []

    def __enter__(self):
        if not shutil.which("openssl"):
            raise Skip("there is no openssl here to make certificates with")
        self.folder = tempfile.TemporaryDirectory(prefix="registry-")
        certificate, key = (Path(self.folder.name) / name for name in ("ca.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                registry.requests.append(self.path)
                status, headers, body = registry.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.trust = {"SSL_CERT_FILE": str(certificate)}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def answer(self, path):
        module = "/v1/modules/team/word/any"
        if path == "/.well-known/terraform.json":
            return 200, {"Content-Type": "application/json"}, json.dumps({"modules.v1": "/v1/modules/"}).encode()
        if path == f"{module}/versions":
            listed = [{"version": version} for version in self.versions]
            return 200, {"Content-Type": "application/json"}, json.dumps({"modules": [{"versions": listed}]}).encode()
        for version in self.versions:
            if path == f"{module}/{version}/download":
                return 204, {"X-Terraform-Get": f"/archives/{version}.zip//tree"}, b""
            if path.startswith(f"/archives/{version}.zip"):
                out = io.BytesIO()
                with zipfile.ZipFile(out, "w") as archive:
                    archive.writestr("tree/main.tf", f'output "word" {{\n  value = "{version}"\n}}\n')
                    archive.writestr("tree/inner/main.tf", f'output "word" {{\n  value = "inner {version}"\n}}\n')
                return 200, {"Content-Type": "application/zip"}, out.getvalue()
        return 404, {}, b"not found"
