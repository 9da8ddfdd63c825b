"""Writes tools/documented-filters.json: the names of the filters that AWS documents for each action
of EC2, read out of the texts of botocore's model. Run with the Python of the pinned clients:
python3 tools/documented_filters.py
"""

import json
import pathlib
import re

import botocore
import botocore.session

# The name is the first code of an item; `tag` stands for tag:<key>.
ITEM = re.compile(r"<li>\s*<p>\s*<code>([^<]+)</code>\s*(:\s*&lt;|:<|)")

model = botocore.session.get_session().get_service_model("ec2")
actions = {}
for action in sorted(model.operation_names):
    members = model.operation_model(action).input_shape
    text = next((m.documentation for n, m in members.members.items() if n in ("Filters", "Filter")), "") if members else ""
    names = {"tag:<key>" if name == "tag" or name.startswith("tag:") else name for name, _ in ITEM.findall(text)}
    if names:
        actions[action] = sorted(names)

path = pathlib.Path(__file__).with_name("documented-filters.json")
path.write_text(json.dumps({"botocore": botocore.__version__, "actions": actions}, indent=1) + "\n")
