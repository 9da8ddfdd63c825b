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
 * The lab's etcd: one row per object and the last resourceVersion, in SQLite. A write's transaction
 * is finished before its answer goes out; writes that come together may share one. With WAL and `synchronous = NORMAL` a commit
 * survives `kill -9` of the process; only a crash of the machine may lose the newest ones.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #setVersion: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

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
    this.#begin = this.#database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#database.prepare('COMMIT');
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

  /** Writes one object; within `begin` and `commit`. */
  put(row: JournalRow): void {
    this.#put.run(row.storage, row.key, row.json);
  }

  /** Removes one object; within `begin` and `commit`. */
  remove(storage: string, key: string): void {
    this.#remove.run(storage, key);
  }

  /** Begins a transaction, unless one is open. */
  begin(): void {
    if (!this.#database.isTransaction) this.#begin.run();
  }

  /** Ends the transaction: its writes and the version are on disk, together. */
  commit(version: number): void {
    this.#setVersion.run(String(version));
    this.#commit.run();
  }

  /** Forgets what was written since `begin`. */
  rollback(): void {
    // SQLite has done it already after some errors, such as a full disk.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /** Folds the write-ahead log into the file and closes it. */
  close(): void {
    this.#database.close();
  }
}
