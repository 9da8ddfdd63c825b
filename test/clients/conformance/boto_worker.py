"""Makes calls with boto3: one JSON request a line, one JSON answer a line.

After each call the XML that came is compared with what botocore's model made of it: every leaf of
the document must be in the answer, with the same text. That is "parsed without loss".
"""

import base64
import datetime
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import Counter

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

# Elements that frame an answer and are in no model. DeleteVpc and the like answer <return>.
FRAME = {"requestId", "RequestId"}

clients = {}
last_body = None


def client_of(place, service):
    keys = place["keys"]
    secrets = (keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))
    key = (service, place["endpoint"], place["region"], *secrets)
    if key not in clients:
        clients[key] = boto3.client(
            service,
            endpoint_url=place["endpoint"],
            region_name=place["region"],
            aws_access_key_id=keys["accessKeyId"],
            aws_secret_access_key=keys["secretAccessKey"],
            aws_session_token=keys.get("sessionToken"),
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )
        clients[key].meta.events.register("response-received", received)
    return clients[key]


def received(response_dict=None, **_):
    global last_body
    last_body = response_dict and response_dict["body"]


def bytes_of(value):
    if isinstance(value, dict):
        if "$blob" in value:
            return value["$blob"].encode()
        return {key: bytes_of(member) for key, member in value.items()}
    if isinstance(value, list):
        return [bytes_of(item) for item in value]
    return value


def plain(value):
    if isinstance(value, datetime.datetime):
        value = value.astimezone(datetime.timezone.utc)
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def leaves_of_xml(element):
    if len(element) == 0:
        yield from leaves_of_text(element.text or "")
    for child in element:
        if child.tag.rpartition("}")[2] not in FRAME:
            yield from leaves_of_xml(child)


def leaves_of_text(text):
    # botocore opens the policy documents of IAM, which travel percent-encoded.
    if text.startswith("%7B"):
        yield from leaves_of_data(json.loads(urllib.parse.unquote(text)))
    else:
        yield text


def leaves_of_data(value):
    if isinstance(value, (dict, list)):
        if not value:
            yield ""
        for member in value.values() if isinstance(value, dict) else value:
            yield from leaves_of_data(member)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    else:
        yield str(value)


def lost(data, has_output):
    """Texts that came but are not in the answer, or the other way round."""
    if not last_body or not last_body.lstrip().startswith(b"<") or not has_output:
        return []
    sent = Counter(leaves_of_xml(ElementTree.fromstring(last_body)))
    read = Counter(leaves_of_data(data))
    return [f"lost {text!r}" for text in sent - read] + [f"made up {text!r}" for text in read - sent]


def call(request):
    client = client_of(request["place"], request["service"])
    operation = client.meta.service_model.operation_model(request["action"])
    method = getattr(client, xform_name(request["action"]))
    data = method(**bytes_of(request["params"]))
    data.pop("ResponseMetadata", None)
    answer = plain(data)
    missing = lost(answer, operation.output_shape is not None and operation.output_shape.members)
    return {"ok": True, "data": answer, "lost": missing}


def wait(request):
    client = client_of(request["place"], "ec2")
    waiter = client.get_waiter(xform_name(request["waiter"]))
    try:
        waiter.wait(**request["params"], WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    except WaiterError as error:
        found = error.last_response.get("Error")
        return {"ok": False, "code": found["Code"] if found else "Timeout", "message": ""}
    return {"ok": True, "data": True}


def pages(request):
    client = client_of(request["place"], "ec2")
    paginator = client.get_paginator(xform_name(request["action"]))
    config = {"PageSize": request["pageSize"]}
    data = paginator.paginate(**request["params"], PaginationConfig=config).build_full_result()
    return {"ok": True, "data": plain(data)}


VERBS = {"call": call, "wait": wait, "pages": pages}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = VERBS[request["verb"]](request)
    except ClientError as error:
        answer = {
            "ok": False,
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"].get("Message", ""),
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    except Exception as error:  # a broken answer must fail its case, not the worker
        answer = {"ok": False, "code": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
