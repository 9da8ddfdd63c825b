#!/bin/sh
# Runs a command in a private user, mount, network and PID namespace with its own /run and /proc, so
# that nothing it does to the network can touch this machine, and the kernel removes everything when
# it ends, also after kill -9.
#
#   sandbox.sh [--with-parent] COMMAND [ARGUMENT...]
#
# Three processes:
#   supervisor  outside the PID namespace, keeps the process id of whoever called this script. Passes
#               SIGINT, SIGTERM and SIGHUP on as SIGTERM. With --with-parent the kernel kills it when
#               the process that started it dies.
#   init        PID 1 inside, in a session of its own, so that a terminal's Ctrl-C comes once and by
#               the supervisor only. The kernel kills it when the supervisor dies, and everything
#               else in the namespace with it. A waiting shell reaps orphans: no zombies are left.
#   COMMAND     its exit status is the exit status of the whole.
#
# File descriptors above 2 are passed on. 125 = the sandbox could not be made.
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps ip and nft; not in every user's path
stage=$1
case $stage in
--supervise | --init) shift ;;
--with-parent)
  shift
  exec unshare --user --map-root-user --net --mount --pid \
    setpriv --pdeathsig KILL sh "$0" --supervise "$@" ;;
*)
  exec unshare --user --map-root-user --net --mount --pid sh "$0" --supervise "$@" ;;
esac

# Waits for $child; `wait` also returns when a trap has run, hence the loop.
await() {
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    status=$?
  done
}

status=125
child=
trap '[ -z "$child" ] || kill -TERM "$child"' INT TERM HUP
exec 9<&0 # a background command would read from /dev/null
if [ "$stage" = --supervise ]; then
  setpriv --pdeathsig KILL setsid sh "$0" --init "$@" <&9 9<&- &
else
  mount -t proc proc /proc && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns &&
    ip link set lo up || exit 125
  "$@" <&9 9<&- &
fi
child=$!
exec 9<&-
await
exit "$status"
