#!/bin/busybox sh
# First program of the guest: loads the modules beside it, makes this machine's files visible read-only
# with a layer of memory for what is written, and becomes guest.sh there.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in /modules/*; do
  $b insmod "$module" || echo "trunkline: cannot load $module"
done
$b mount -t virtiofs -o ro host /below &&
  $b mount -t tmpfs -o size=50% memory /above && $b mkdir /above/files /above/work &&
  $b mount -t overlay -o lowerdir=/below,upperdir=/above/files,workdir=/above/work overlay /root ||
  { echo "trunkline: cannot mount the host's files" && $b poweroff -f; }
for word in $($b cat /proc/cmdline); do
  case $word in trunkline.*) export "${word#trunkline.}" ;; esac
done
$b cp /tests.mjs "/root$repository/tests.mjs"
$b mount -o move /dev /root/dev
$b umount /proc
exec $b switch_root /root /bin/sh "$repository/tools/vlan/guest.sh"
