"""A proxy between an engine and the local AWS: a slow network, a busy service, replies that never come.

Which request meets what follows from the seed, its operation and how many of that operation came before it. So the same
seed meets the same operations with the same faults, in whatever order they come.
"""
import asyncio
import json
import random
import sys
import threading
from collections import Counter
from io import BytesIO
from urllib.parse import urlsplit

from .local_aws import HERE

sys.path.insert(0, str(HERE))
from requests_of_aws import classify  # noqa: E402

LARGEST_HEAD = 1 << 20
# How each service says that it is asked too often; the others of the query protocol say Throttling, of JSON ThrottlingException.
THROTTLES = {"ec2": (503, "RequestLimitExceeded"), "s3": (503, "SlowDown"), "dynamodb": (400, "ThrottlingException"),
             "elasticfilesystem": (429, "ThrottlingException"), "secretsmanager": (400, "ThrottlingException"),
             "servicediscovery": (400, "RequestLimitExceeded"), "logs": (400, "ThrottlingException"),
             "application-autoscaling": (400, "ThrottlingException"), "acm": (400, "ThrottlingException")}


class Proxy:
    """A context manager that stands for the local AWS behind it, with another endpoint.

    `throttle`, `fail` and `lose` are the shares of requests that are refused, that end in a 5xx, and that are carried out
    without their reply; `delay_s` is added to each.
    """

    def __init__(self, aws, seed=1, throttle=0.0, fail=0.0, lose=0.0, delay_s=0.0):
        self.aws, self.seed, self.delay_s = aws, seed, delay_s
        self.shares = {"throttle": throttle, "fail": fail, "lose": lose}
        self.met, self.counts = [], Counter()
        self.upstream = urlsplit(aws.endpoint)
        self.loop, self.thread, self.endpoint = asyncio.new_event_loop(), None, None

    def __enter__(self):
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        if not started.wait(30):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def __getattr__(self, name):
        return getattr(self.aws, name)

    def environment(self):
        return dict(self.aws.environment(), AWS_ENDPOINT_URL=self.endpoint)

    def calm(self):
        """Stops all faults; the delay stays."""
        self.shares = dict.fromkeys(self.shares, 0.0)

    def told(self):
        """Says what was met so far, by kind."""
        return ", ".join(f"{n} x {kind}" for kind, n in Counter(kind for kind, _ in self.met).items()) or "nothing"

    def _run(self, started):
        asyncio.set_event_loop(self.loop)

        async def listen():
            server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=LARGEST_HEAD)
            self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()

        self.loop.run_until_complete(listen())
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))

    async def _client(self, reader, writer):
        """Serves one connection with one connection to the other side."""
        there = None
        try:
            while True:
                head, fields = await _head(reader)
                if fields.get("expect", "").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:"))
                raw, body = await _body(reader, fields)
                service, operation, kind = self._fate(head, fields, body)
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if kind in ("throttle", "fail"):
                    writer.write(_refusal(kind, service, fields))
                    await writer.drain()
                    continue
                if there is None:
                    there = await asyncio.open_connection(self.upstream.hostname, self.upstream.port, limit=LARGEST_HEAD)
                there[1].write(head + raw)
                reply, its_fields = await _head(there[0])
                if not (head.startswith(b"HEAD ") or reply.split(b" ", 2)[1] in (b"204", b"304")):
                    reply += (await _body(there[0], its_fields, reply=True))[0]
                if kind == "lose":
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for each in filter(None, (writer, there and there[1])):
                each.close()

    def _fate(self, head, fields, body):
        """Says what a request is and what becomes of it."""
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        path, _, query = target.partition("?")
        service, operation, _, _ = classify({
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_AUTHORIZATION": fields.get("authorization", ""),
            "HTTP_X_AMZ_TARGET": fields.get("x-amz-target"), "CONTENT_TYPE": fields.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)})
        name = f"{service}:{operation}"
        self.counts[name] += 1
        drawn = random.Random(f"{self.seed} {name} {self.counts[name]}").random()
        for kind, share in self.shares.items():
            if drawn < share:
                self.met.append((kind, name))
                return service, operation, kind
            drawn -= share
        return service, operation, None


async def _head(reader):
    """Reads up to the empty line; returns the bytes and the fields with lower-case names."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise ConnectionError("a head that is too long") from error
    lines = head.decode("latin-1").split("\r\n")[1:]
    return head, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}


async def _body(reader, fields, reply=False):
    """Reads a body; returns it as it came and without its chunks' heads."""
    if "chunked" in fields.get("transfer-encoding", "").lower():
        raw, plain = b"", b""
        while True:
            line = await reader.readuntil(b"\r\n")
            raw += line
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            chunk = await reader.readexactly(size + 2)
            raw, plain = raw + chunk, plain + chunk[:-2]
        while line != b"\r\n":  # trailers
            line = await reader.readuntil(b"\r\n")
            raw += line
        return raw, plain
    if "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
        return body, body
    body = await reader.read() if reply else b""
    return body, body


def _refusal(kind, service, fields):
    """An error as the service says it, in the protocol of the request."""
    json_protocol = "x-amz-target" in fields or service == "elasticfilesystem"
    query = fields.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if kind == "throttle":
        status, code = THROTTLES.get(service, (400, "Throttling" if query else "ThrottlingException"))
    else:
        status, code = 500, "InternalServerError" if json_protocol else "InternalError"
    more = ""
    if json_protocol:
        body, kind = json.dumps({"__type": code, "message": "injected"}), "application/x-amz-json-1.1"
        more = f"x-amzn-errortype: {code}\r\n"
    elif service == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>injected</Message></Error></Errors><RequestID>1</RequestID></Response>"
        kind = "text/xml"
    elif query:
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>injected</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        kind = "text/xml"
    else:
        body, kind = f"<Error><Code>{code}</Code><Message>injected</Message><RequestId>1</RequestId></Error>", "application/xml"
    return (f"HTTP/1.1 {status} Refused\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}").encode()
