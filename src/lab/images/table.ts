import { PROGRAMS, type Program } from './programs.ts';

/** What a container without a `command` runs, in place of what its image would. */
export interface ImageProgram {
  /** The command, or a program of ours. */
  readonly command: readonly string[] | Program;
  /** Continues "Image x is not pulled in the lab: runs ...". */
  readonly says: string;
  /** Arguments without a command are a command line of their own: the image has no entry point. */
  readonly runsArguments?: boolean;
}

const SLEEP: ImageProgram = { command: ['sleep', 'infinity'], says: '"sleep infinity"' };

/** Images whose default is a shell, which ends at once when it has no input. */
const SHELL: ImageProgram = {
  command: ['sh'],
  says: '"sh" of this machine',
  runsArguments: true,
};

/** Images with a meaning here, by repository without registry and tag. */
const KNOWN: Readonly<Record<string, ImageProgram>> = {
  'trunkline/psql': {
    ...SLEEP,
    says: '"sleep infinity"; psql, trunkline-psql and tcp-probe are on its PATH',
  },
  coredns: { command: PROGRAMS.dns, says: 'a name server of the lab on port 53' },
  pause: SLEEP,
  alpine: SHELL,
  amazonlinux: SHELL,
  bash: SHELL,
  busybox: SHELL,
  debian: SHELL,
  'nicolaka/netshoot': SHELL,
  ubuntu: SHELL,
};

const ECHO: ImageProgram = {
  command: PROGRAMS.echo,
  says: 'an HTTP echo server on its declared ports',
};

/** The program for an image; one that the lab does not know is an echo server. */
export function programOfImage(image: string): ImageProgram {
  const repository = repositoryOf(image);
  const known = Object.entries(KNOWN).find(
    ([name]) => repository === name || repository.endsWith(`/${name}`),
  );
  return known?.[1] ?? ECHO;
}

/** `registry:5000/team/app:1.2@sha256:...` is `registry:5000/team/app`. */
function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  const tag = name.lastIndexOf(':');
  return tag > name.lastIndexOf('/') ? name.slice(0, tag) : name;
}
