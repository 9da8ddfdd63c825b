/** Text of commands to errno names: the one place that knows it. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  [/File exists|already (assigned|exists)/, 'EEXIST'],
  [/Cannot find device|No such device|does not exist|invalid ifname/, 'ENODEV'],
  [/No such process/, 'ESRCH'],
  [/No such file or directory/, 'ENOENT'],
  [/Cannot assign requested address|Address not found/, 'EADDRNOTAVAIL'],
  [/Unknown device type|Operation not supported|Not supported/, 'EOPNOTSUPP'],
  [/Operation not permitted/, 'EPERM'],
  [/unreachable/, 'ENETUNREACH'],
  [/Invalid argument/, 'EINVAL'],
  [/Permission denied/, 'EACCES'],
];

/** Errno name for what a command of iproute2 said; EIO when it says nothing known. */
export function errnoOf(stderr: string): string {
  return ERRORS.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'EIO';
}
