"""Botocore as a program: one JSON request per line on standard input, one JSON answer per line.

  {"do": "model", "service": S}                            the operations and shapes of a service
  {"do": "serialize", "service": S, "calls": [[O, P], ..]} operation O with parameters P -> HTTP requests
  {"do": "parse", "service": S, "answers": [[O, T], ..]}   operation O answered by text T -> values

Serialisers and parsers are botocore's own, below its customisations of single operations and above
the network. JSON has no times and no bytes: they travel as {"$time": milliseconds} and
{"$bytes": base64}.
"""

import base64
import datetime
import json
import sys

import botocore.session
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

ENDPOINT = "http://localhost"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)

session = botocore.session.get_session()
models = {}


def model_of(service):
    if service not in models:
        models[service] = session.get_service_model(service)
    return models[service]


def dump_model(service):
    model = model_of(service)
    shapes = {}
    operations = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        operations[name] = {
            "input": dump_shape(operation.input_shape, shapes),
            "output": dump_shape(operation.output_shape, shapes),
        }
    return {"protocol": model.protocol, "operations": operations, "shapes": shapes}


def dump_shape(shape, shapes):
    """Adds the shape and all that it needs to the table; answers its name."""
    if shape is None:
        return None
    if shape.name in shapes:
        return shape.name
    entry = shapes[shape.name] = {"type": shape.type_name}
    if shape.type_name == "structure":
        entry["required"] = list(shape.required_members)
        entry["members"] = {
            name: dump_shape(member, shapes) for name, member in shape.members.items()
        }
        entry["places"] = {
            name: member.serialization["location"]
            for name, member in shape.members.items()
            if "location" in member.serialization
        }
    elif shape.type_name == "list":
        entry["item"] = dump_shape(shape.member, shapes)
    elif shape.type_name == "map":
        entry["value"] = dump_shape(shape.value, shapes)
    return shape.name


def serialize(service, calls):
    model = model_of(service)
    serializer = create_serializer(model.protocol, include_validation=False)
    requests = []
    for name, parameters in calls:
        operation = model.operation_model(name)
        request = serializer.serialize_to_request(from_json(parameters), operation)
        prepare_request_dict(request, ENDPOINT, context={})
        ready = create_request_object(request).prepare()
        body = ready.body or b""
        requests.append(
            {
                "method": ready.method,
                "url": ready.url,
                "body": body if isinstance(body, str) else body.decode("utf-8"),
            }
        )
    return requests


def parse(service, answers):
    model = model_of(service)
    parser = create_parser(model.protocol)
    values = []
    for name, text in answers:
        response = {"status_code": 200, "headers": {}, "body": text.encode("utf-8")}
        value = parser.parse(response, model.operation_model(name).output_shape)
        value.pop("ResponseMetadata", None)
        values.append(to_json(value))
    return values


def from_json(value):
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$time" in value:
        return EPOCH + value["$time"] * MILLISECOND
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    return {key: from_json(part) for key, part in value.items()}


def to_json(value):
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(part) for key, part in value.items()}
    if isinstance(value, datetime.datetime):
        return {"$time": (value - EPOCH) // MILLISECOND}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    return value


def answer(request):
    service = request["service"]
    if request["do"] == "model":
        return dump_model(service)
    if request["do"] == "serialize":
        return serialize(service, request["calls"])
    return parse(service, request["answers"])


for line in sys.stdin:
    try:
        reply = {"ok": answer(json.loads(line))}
    except Exception as error:  # told to whoever asked; the next request is another matter
        reply = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
