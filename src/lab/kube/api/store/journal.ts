import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** An object as it is kept on disk. */
export interface JournalRow {
  readonly storage: string;
  /** `namespace/name`, or `/name` for cluster-scoped objects. */
  readonly key: string;
  readonly json: string;
}

const SETUP = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -2000;
  CREATE TABLE IF NOT EXISTS objects (
    storage TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (storage, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

/**
 * The lab's etcd: one row per object and the last resourceVersion, in SQLite. Each write is one
 * transaction, finished before the answer goes out. With WAL and `synchronous = NORMAL` a commit
 * survives `kill -9` of the process; only a crash of the machine may lose the newest ones.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #setVersion: StatementSync;

  /**
   * Opens or makes the file; `:memory:` keeps nothing. `exclusive` refuses a file that another
   * process has open.
   */
  constructor(path: string, options: { readonly exclusive?: boolean } = {}) {
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec(
        options.exclusive === true ? `PRAGMA locking_mode = EXCLUSIVE; ${SETUP}` : SETUP,
      );
    } catch (error) {
      // Or the file would stay locked until the garbage is collected.
      this.#database.close();
      throw error;
    }
    this.#put = this.#database.prepare(
      'INSERT INTO objects (storage, key, json) VALUES (?, ?, ?) ' +
        'ON CONFLICT (storage, key) DO UPDATE SET json = excluded.json',
    );
    this.#remove = this.#database.prepare('DELETE FROM objects WHERE storage = ? AND key = ?');
    this.#setVersion = this.#database.prepare(
      "INSERT INTO meta (name, value) VALUES ('version', ?) " +
        'ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }

  /** All objects. */
  rows(): Iterable<JournalRow> {
    return this.#database
      .prepare('SELECT storage, key, json FROM objects ORDER BY storage, key')
      .iterate() as unknown as Iterable<JournalRow>;
  }

  /** The resourceVersion of the last write; 0 when there was none. */
  version(): number {
    return Number(this.setting('version') ?? '0');
  }

  /** A value kept beside the objects, such as the key of tokens. */
  setting(name: string): string | undefined {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? undefined : String(row['value']);
  }

  /** Keeps a value beside the objects. */
  setSetting(name: string, value: string): void {
    this.#database
      .prepare(
        'INSERT INTO meta (name, value) VALUES (?, ?) ' +
          'ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  /** Writes one object and the version, together. */
  put(row: JournalRow, version: number): void {
    this.#transaction(() => {
      this.#put.run(row.storage, row.key, row.json);
      this.#setVersion.run(String(version));
    });
  }

  /** Removes one object and writes the version, together. */
  remove(storage: string, key: string, version: number): void {
    this.#transaction(() => {
      this.#remove.run(storage, key);
      this.#setVersion.run(String(version));
    });
  }

  /** Folds the write-ahead log into the file and closes it. */
  close(): void {
    this.#database.close();
  }

  #transaction(write: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
