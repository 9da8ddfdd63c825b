#!/bin/sh
# PID 1 of the guest, on the host's files: runs `$command` (base64) in `$repository` with its output on the
# second serial line, writes its exit status to the third, and switches the machine off. The fourth is for a report.
export PATH=$repository/node_modules/.bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 NO_COLOR=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/netns /dev/shm
mount -t tmpfs shm /dev/shm
for line in 1 2 3; do stty -F /dev/ttyS$line raw -echo; done
ip link set lo up
cd "$repository" || echo "no $repository" >/dev/ttyS1
sh -c "$(echo "$command" | base64 -d)" </dev/null >/dev/ttyS1 2>&1
status=$?
[ ! -e /run/report ] || cat /run/report >/dev/ttyS3
echo "$status" >/dev/ttyS2
sync
echo o >/proc/sysrq-trigger
sleep 60
