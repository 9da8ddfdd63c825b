#!/bin/sh
# A CNI plugin for tests: notes how it was called in the folder `notes` beside this file, and wires
# the pod by a veth pair with the address 10.99.0.N. While one of these files is in that folder:
# `fail` ADD fails, `hang` ADD answers nothing, `slow` ADD takes half a second, `fail-del` DEL fails.
notes=$(dirname "$0")/notes
mkdir -p "$notes"
call="$notes/$CNI_COMMAND.$$"
env | grep -E '^(CNI_|NODE|PATH)' > "$call"
{ echo; cat; } >> "$call"
host="v$(echo "$CNI_CONTAINERID" | cut -c1-10)"
case "$CNI_COMMAND" in
ADD)
  if [ -e "$notes/fail" ]; then
    echo '{"cniVersion":"0.4.0","code":7,"msg":"add cmd: failed to assign an IP address to container"}'
    exit 1
  fi
  if [ -e "$notes/hang" ]; then sleep 7777; fi
  if [ -e "$notes/slow" ]; then sleep 0.5; fi
  number=$(
    exec 9> "$notes/../lock"
    flock 9
    next=$(($(cat "$notes/../number" 2>/dev/null || echo 0) + 1))
    echo "$next" | tee "$notes/../number"
  )
  ip link add "$host" type veth peer name peer0
  ip link set peer0 netns "$(basename "$CNI_NETNS")"
  ip link set "$host" up
  ip route add "10.99.0.$number/32" dev "$host"
  ip -n "$(basename "$CNI_NETNS")" link set peer0 name eth0
  ip -n "$(basename "$CNI_NETNS")" link set eth0 up
  ip -n "$(basename "$CNI_NETNS")" address add "10.99.0.$number/32" dev eth0
  ip -n "$(basename "$CNI_NETNS")" route add 10.98.0.1/32 dev eth0
  echo "{\"cniVersion\":\"0.4.0\",\"ips\":[{\"version\":\"4\",\"address\":\"10.99.0.$number/32\"}]}"
  ;;
DEL)
  if [ -e "$notes/fail-del" ]; then
    echo '{"cniVersion":"0.4.0","code":11,"msg":"the agent is busy"}'
    exit 1
  fi
  ip link delete "$host" 2>/dev/null
  exit 0
  ;;
esac
