#!/usr/bin/env python3
"""A local AWS: moto's server that counts its requests and can kill a client between acceptance and reply.

usage: server.py PORT_FILE

Listens on a free loopback port, writes the port into PORT_FILE and ends when its standard input closes, so that it
never outlives the script that started it. Beside moto's own control (POST /moto-api/reset) it answers under /_local:

  GET  /_local/requests   [{service, operation, status, state, mutating}, ...] since the last clear
  POST /_local/clear      forgets them
  POST /_local/trap       {"pid": P, "after": N, "state": null|true|false}: after the Nth mutating request was carried
                          out, process P gets SIGKILL and the reply is withheld; state limits the count to traffic of
                          the state store (true) or to everything else (false)
  GET  /_local/trap       {"seen": requests counted, "sprung": operation or null}
  POST /_local/fault      {"status": 503, "code": "SlowDown", "match": "s3", "times": 3}: answers instead of moto

"State" are requests for objects in a bucket and items in a table: nothing that the configurations manage is one.
"""
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from io import BytesIO
from urllib.parse import parse_qs, unquote

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
FIXED = re.compile(r"^(\d{4}-\d\d-\d\d|v\d|[a-zA-Z][a-zA-Z-]*)$")
READS = re.compile(r"^(Describe|List|Get|BatchGet|Head|Query$|Scan$|Filter|Search|Lookup|Simulate|AssumeRole|Decode)")
ITEMS = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
         "TransactGetItems", "TransactWriteItems"}


def classify(env):
    """Says what a request is: service, operation, whether it is state traffic and whether it changes anything."""
    found = SCOPE.search(env.get("HTTP_AUTHORIZATION", ""))
    service = found.group(1) if found else "-"
    target = env.get("HTTP_X_AMZ_TARGET")
    if target:
        name = target.split(".")[-1]
        return service, name, service == "dynamodb" and name in ITEMS, not READS.match(name)
    if env.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = env["wsgi.input"].read(int(env.get("CONTENT_LENGTH") or 0))
        env["wsgi.input"] = BytesIO(body)
        action = parse_qs(body.decode("utf-8", "replace")).get("Action")
        if action:
            return service, action[0], False, not READS.match(action[0])
    method = env["REQUEST_METHOD"]
    keys = sorted(k for k in parse_qs(env.get("QUERY_STRING", ""), keep_blank_values=True) if k != "x-id")
    parts = [s for s in unquote(env.get("PATH_INFO", "/")).split("/") if s]
    state = False
    if service == "s3":
        path = "/bucket" + ("/key" if len(parts) > 1 else "") if parts else "/"
        state = len(parts) > 1 or (len(parts) == 1 and ("list-type" in keys or "prefix" in keys) and "versions" not in keys)
    else:
        path = "/" + "/".join(s if FIXED.match(s) else "*" for s in parts)
    return service, f"{method} {path}" + ("?" + "&".join(keys) if keys else ""), state, method not in ("GET", "HEAD")


class Front:
    """Stands before moto: records every request, answers /_local, springs the trap."""

    def __init__(self, app):
        self.app, self.lock = app, threading.Lock()
        self.requests, self.trap, self.faults = [], None, []

    def __call__(self, env, start):
        path = env.get("PATH_INFO", "")
        if path.startswith("/_local/"):
            return self.control(env, start)
        if path.startswith("/moto-api"):
            return self.app(env, start)
        service, operation, state, mutating = classify(env)
        entry = {"service": service, "operation": operation, "status": 0, "state": state, "mutating": mutating}
        fault = self.take_fault(service, operation)
        if fault:
            entry["status"] = fault["status"]
            self.record(entry)
            return answer(start, f"{fault['status']} Fault", error_body(env, fault), "text/xml")
        status, headers, body = self.carry_out(env)
        entry["status"] = int(status[:3])
        self.record(entry)
        if mutating and entry["status"] < 400 and self.springs(service, operation, state):
            time.sleep(0.05)
            raise ConnectionAbortedError("the client was killed before this reply")
        start(status, headers)
        return [body]

    def carry_out(self, env):
        """Lets moto answer, and turns what moto lacks into 501: clients retry its 500 for minutes."""
        caught = {}

        def started(status, headers, exc=None):
            caught.update(status=status, headers=headers)

        try:
            reply = self.app(env, started)
            body = b"".join(reply)
            if hasattr(reply, "close"):
                reply.close()
        except Exception as error:  # a service that moto does not know at all
            return "501 Not Implemented", [("Content-Type", "text/plain")], f"not in moto: {error}".encode()
        if caught["status"].startswith("500"):
            caught["status"] = "501 Not Implemented"
        return caught["status"], caught["headers"], body

    def record(self, entry):
        with self.lock:
            self.requests.append(entry)

    def take_fault(self, service, operation):
        with self.lock:
            for fault in self.faults:
                if fault["times"] > 0 and fault["match"] in f"{service}:{operation}":
                    fault["times"] -= 1
                    return fault
        return None

    def springs(self, service, operation, state):
        with self.lock:
            trap = self.trap
            if not trap or trap["sprung"] or (trap["state"] is not None and trap["state"] != state):
                return False
            trap["seen"] += 1
            if trap["seen"] != trap["after"]:
                return False
            trap["sprung"] = f"{service}:{operation}"
            try:
                os.kill(trap["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass
            return True

    def control(self, env, start):
        what, post = env["PATH_INFO"][len("/_local/"):], env["REQUEST_METHOD"] == "POST"
        size = int(env.get("CONTENT_LENGTH") or 0)
        given = json.loads(env["wsgi.input"].read(size) or b"{}") if post else {}
        with self.lock:
            if what == "requests":
                reply = list(self.requests)
            elif what == "clear" and post:
                self.requests, reply = [], {}
            elif what == "trap" and post:
                self.trap = dict(given, seen=0, sprung=None) if given else None
                reply = {}
            elif what == "trap":
                reply = {k: self.trap[k] for k in ("seen", "sprung")} if self.trap else {}
            elif what == "fault" and post:
                self.faults, reply = [given] if given else [], {}
            else:
                return answer(start, "404 Not Found", b"no such control", "text/plain")
        return answer(start, "200 OK", json.dumps(reply).encode(), "application/json")


def error_body(env, fault):
    """An error in the form that the protocol of the request understands."""
    code = fault.get("code", "InternalError")
    if env.get("HTTP_X_AMZ_TARGET"):
        return json.dumps({"__type": code, "message": "injected"}).encode()
    if env.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return (f"<ErrorResponse><Error><Code>{code}</Code><Message>injected</Message></Error>"
                "<Errors><Error><Code>%s</Code><Message>injected</Message></Error></Errors></ErrorResponse>" % code).encode()
    return f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()


def answer(start, status, body, kind):
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def die_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    import gaps
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # keep connections: a TCP connection per request would dominate the figures

        def setup(self):
            super().setup()
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def log_request(self, *args):
            pass

        def log(self, *args):
            pass

    gaps.fill()
    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
    with open(sys.argv[1] + ".new", "w") as out:
        out.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    threading.Thread(target=die_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
