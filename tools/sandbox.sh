#!/bin/sh
# Runs a command in a private user, mount, network and PID namespace, as the lab does; see the file
# it calls. Usage: tools/sandbox.sh COMMAND [ARGUMENT...]
exec sh "$(dirname "$0")/../src/lab/launch/sandbox.sh" "$@"
