#!/bin/sh
# Runs a command in a private user, mount, network and PID namespace with its own /run, so that
# nothing it does to the network can touch this machine and the kernel removes everything when it
# ends, also after kill -9. Usage: tools/sandbox.sh COMMAND [ARGUMENT...]
exec unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc \
  sh -c 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns && ip link set lo up && exec "$@"' \
  sandbox "$@"
