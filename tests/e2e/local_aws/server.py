#!/usr/bin/env python3
"""A local AWS: moto's server that counts its requests and can kill a client between acceptance and reply.

usage: server.py PORT_FILE
       server.py -H 127.0.0.1 -p PORT       as moto_server is called, for tests that start it in moto's place

Listens on a free loopback port, writes the port into PORT_FILE and ends when its standard input closes, so that it
never outlives the script that started it. Beside moto's own control (POST /moto-api/reset) it answers under /_local:

  GET  /_local/requests   [{service, operation, status, state, mutating}, ...] since the last clear
  POST /_local/clear      forgets them
  POST /_local/trap       {"after": N}: after the Nth mutating request was carried out, the victim gets SIGKILL and no
                          reply is sent; {} takes the trap away
  POST /_local/victim     {"pid": P}: who that is; a trap that springs earlier waits for it
  GET  /_local/trap       {"seen": mutating requests so far, "sprung": operation or null}
  POST /_local/fault      {"match": "s3", "status": 503, "code": "SlowDown", "times": 3, "message": M}: answers instead of moto
  POST /_local/hold       {"match": "ec2:DescribeVpcs"}: such requests wait until the next hold; {} holds nothing
  POST /_local/store      {"bucket": B, "table": T}: makes a bucket and a lock table for states
  GET  /_local/inventory  what exists, see inventory.py

"State" are requests for objects in a bucket and items in a table: nothing that the configurations manage is one.
Only requests with the access key "local" are recorded, trapped, failed and held; other keys look in from outside.
"""
import json
import os
import signal
import socket
import sys
import threading
import time

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

import gaps
import inventory
from requests_of_aws import SCOPE, classify


class Front:
    """Stands before moto: records every request, answers /_local, springs the trap."""

    def __init__(self, app):
        self.moto, self.one_at_a_time, self.lock = app, threading.Lock(), threading.Lock()
        self.requests, self.trap, self.fault = [], None, None
        self.held = ""
        self.victim, self.victim_known = None, threading.Event()

    def __call__(self, env, start):
        path = env.get("PATH_INFO", "")
        if path.startswith("/_local/"):
            return self.control(env, start)
        found = SCOPE.search(env.get("HTTP_AUTHORIZATION", ""))
        if path.startswith("/moto-api") or (found and found.group(1) != "local"):
            return self.reply(*self.carry_out(env), start)
        service, operation, state, mutating = classify(env)
        entry = {"service": service, "operation": operation, "status": 0, "state": state, "mutating": mutating}
        fault = self.take_fault(service, operation)
        if fault:
            entry["status"] = fault["status"]
            self.record(entry)
            return answer(start, f"{fault['status']} Fault", error_body(env, fault), "text/xml")
        while self.held and self.held in f"{service}:{operation}":
            time.sleep(0.05)
        status, headers, body = self.carry_out(env)
        entry["status"] = int(status[:3])
        self.record(entry)
        if mutating and entry["status"] < 400 and self.springs(service, operation):
            raise ConnectionAbortedError("the client was killed before this reply")
        return self.reply(status, headers, body, start)

    @staticmethod
    def reply(status, headers, body, start):
        start(status, headers)
        return [body]

    def carry_out(self, env):
        """Lets moto answer, one request at a time: its backends lose things when two threads are in them.

        What moto lacks becomes a 501: clients retry its 500 for minutes.
        """
        caught = {}

        def started(status, headers, exc=None):
            caught.update(status=status, headers=headers)

        try:
            with self.one_at_a_time:
                reply = self.moto(env, started)
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
            fault = self.fault
            if not fault or fault["times"] <= 0 or fault["match"] not in f"{service}:{operation}":
                return None
            fault["times"] -= 1
            return fault

    def springs(self, service, operation):
        with self.lock:
            trap = self.trap
            if not trap or trap["sprung"]:
                return False
            trap["seen"] += 1
            if trap["seen"] != trap["after"]:
                return False
            trap["sprung"] = f"{service}:{operation}"
        self.victim_known.wait(10)
        try:
            os.kill(self.victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return True

    def control(self, env, start):
        what, post = env["PATH_INFO"][len("/_local/"):], env["REQUEST_METHOD"] == "POST"
        given = json.loads(env["wsgi.input"].read(int(env.get("CONTENT_LENGTH") or 0)) or b"{}") if post else {}
        reply = {}
        with self.lock:
            if what == "requests":
                reply = list(self.requests)
            elif what == "clear" and post:
                self.requests = []
            elif what == "trap" and post:
                self.trap = dict(given, seen=0, sprung=None) if given else None
                self.victim_known.clear()
            elif what == "trap":
                reply = {k: self.trap[k] for k in ("seen", "sprung")} if self.trap else {}
            elif what == "victim" and post:
                self.victim = given["pid"]
                self.victim_known.set()
            elif what == "fault" and post:
                self.fault = given or None
            elif what == "hold" and post:
                self.held = given.get("match", "")
            elif what not in ("inventory", "store"):
                return answer(start, "404 Not Found", b"no such control", "text/plain")
        if what == "inventory":
            reply = inventory.take(f"http://{env['HTTP_HOST']}")
        if what == "store":
            inventory.make_store(f"http://{env['HTTP_HOST']}", given["bucket"], given["table"])
        return answer(start, "200 OK", json.dumps(reply).encode(), "application/json")


def error_body(env, fault):
    """An error in the form that the protocol of the request understands."""
    code, message = fault.get("code", "InternalError"), fault.get("message", "injected")
    if env.get("HTTP_X_AMZ_TARGET"):
        return json.dumps({"__type": code, "message": message}).encode()
    if env.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return f"<ErrorResponse>{error}<Errors>{error}</Errors></ErrorResponse>".encode()
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


def answer(start, status, body, kind):
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def die_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep connections: a TCP connection per request would dominate the figures

    def setup(self):
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_request(self, *args):
        pass

    def log(self, *args):
        pass


def main():
    gaps.fill()
    front = Front(DomainDispatcherApplication(create_backend_app))
    port = int(sys.argv[4]) if sys.argv[1] == "-H" else 0
    server = make_server("127.0.0.1", port, front, threaded=True, request_handler=Quiet)
    if port:
        return server.serve_forever()
    with open(sys.argv[1] + ".new", "w") as out:
        out.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    threading.Thread(target=die_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
