/** Where a process of a pod runs. */
export interface PodPlace {
  /** Path of its network namespace. */
  readonly netns: string;
  /** Folder with the files of /etc that are the pod's own; undefined: all are the machine's. */
  readonly etc?: string | undefined;
}

/**
 * Containers share the machine's files, so the pod's own are laid over them in a mount namespace. A
 * machine without such a file keeps none: nothing can be laid over it.
 */
const LAY_OVER = `for file in "$0"/*; do
  over=/etc/\${file##*/}
  [ -e "$over" ] && /bin/mount --bind "$file" "$over"
done
exec "$@"`;

/** The command line that runs a command in a pod; it becomes the command, under the same process id. */
export function insidePod(
  { netns, etc }: PodPlace,
  argv: readonly string[],
): readonly [string, ...string[]] {
  const enter = ['nsenter', `--net=${netns}`, '--'] as const;
  if (etc === undefined) return [...enter, ...argv];
  return [...enter, 'unshare', '--mount', '--', '/bin/sh', '-c', LAY_OVER, etc, ...argv];
}
