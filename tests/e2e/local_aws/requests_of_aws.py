"""What a request to AWS is: its service, its operation, and whether it changes anything."""
import re
from io import BytesIO
from urllib.parse import parse_qs, unquote

SCOPE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
FIXED = re.compile(r"^(\d{4}-\d\d-\d\d|v\d|[a-zA-Z][a-zA-Z-]*)$")
READS = re.compile(r"^(Describe|List|Get|BatchGet|Head|Query$|Scan$|Filter|Search|Lookup|Simulate|AssumeRole|Decode)")
ITEMS = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
         "TransactGetItems", "TransactWriteItems"}


def classify(env):
    """Says what a request is: service, operation, whether it is state traffic and whether it changes anything."""
    found = SCOPE.search(env.get("HTTP_AUTHORIZATION", ""))
    service = found.group(2) if found else "-"
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
