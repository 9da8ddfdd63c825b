/** Writes archives of the `newc` format, which is what the kernel unpacks as its first file system. */

/** Paths without a leading slash; a folder comes before what is in it. */
export interface ArchiveTree {
  readonly folders: readonly string[];
  readonly files: Readonly<Record<string, Uint8Array>>;
}

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

const NOTHING = new Uint8Array();
const TRAILER: Entry = { name: 'TRAILER!!!', mode: 0, data: NOTHING };
const FOLDER = 0o040755;
const PROGRAM = 0o100755;

/** An archive whose files are all executable, and owned by root. */
export function archive({ folders, files }: ArchiveTree): Buffer {
  const entries: readonly Entry[] = [
    ...folders.map((name) => ({ name, mode: FOLDER, data: NOTHING })),
    ...Object.entries(files).map(([name, data]) => ({ name, mode: PROGRAM, data })),
    TRAILER,
  ];
  return Buffer.concat(entries.flatMap((entry, index) => record(entry, index + 1)));
}

/** Inode, mode, owner, group, links, time, size, four device numbers, length of the name, checksum. */
function record({ name, mode, data }: Entry, inode: number): Buffer[] {
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
  const hex = fields.map((value) => value.toString(16).padStart(8, '0')).join('');
  return [padded(Buffer.from(`070701${hex}${name}\0`)), padded(data)];
}

/** Names and contents end on a multiple of four bytes. */
function padded(data: Uint8Array): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
