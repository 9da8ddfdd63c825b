"""Runs command lines of the aws CLI: one JSON request a line, one JSON answer a line.

Starting `aws` takes most of a second, all of it imports and models. So this process loads them once
and forks for every command; the child then runs the CLI's own `main` with its own arguments,
environment and output.
"""

import gc
import json
import os
import sys

from awscli.clidriver import create_clidriver


WARM = [
    ("ec2", "describe-vpcs"),
    ("eks", "list-clusters"),
    ("iam", "list-roles"),
    ("sts", "get-caller-identity"),
]


def start():
    driver = create_clidriver()
    sys.stdout = open(os.devnull, "w")
    for service, command in WARM:
        driver.main([service, command, "--generate-cli-skeleton", "output"])
        driver.session.create_client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
    sys.stdout = sys.__stdout__
    # Children need not copy what only a collection would touch.
    gc.collect()
    gc.freeze()
    gc.disable()
    return driver


def run(driver, arguments, environment):
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if child == 0:
        for (reader, writer), number in zip(pipes, (1, 2)):
            os.dup2(writer, number)
            os.close(reader)
        os.environ.update(environment)
        code = 255
        try:
            code = driver.main(arguments)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    texts = []
    for reader, writer in pipes:
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as stream:
            texts.append(stream.read())
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


loaded = start()
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(run(loaded, request["arguments"], request["environment"])), flush=True)
