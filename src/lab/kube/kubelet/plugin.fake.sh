#!/bin/sh
# A CNI plugin for tests: notes how it was called in $NOTES (the folder of this file), fails while
# $NOTES/fail exists, else wires the pod by a veth pair with the address 10.99.0.N.
notes=$(dirname "$0")/notes
mkdir -p "$notes"
call=$(mktemp "$notes/$CNI_COMMAND.XXXXXX")
env | grep -E '^(CNI_|NODE|PATH)' > "$call"
{ echo; cat; } >> "$call"
host="v$(echo "$CNI_CONTAINERID" | cut -c1-10)"
case "$CNI_COMMAND" in
ADD)
  if [ -e "$notes/fail" ]; then
    echo '{"cniVersion":"0.4.0","code":7,"msg":"add cmd: failed to assign an IP address to container"}'
    exit 1
  fi
  number=$(ls "$notes" | wc -l)
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
  ip link delete "$host" 2>/dev/null
  exit 0
  ;;
esac
