/** Something with an orderly end. */
export interface Running {
  close(): Promise<void>;
}

/**
 * A part of the lab that can be stopped and started while the rest runs, to show what happens
 * without it.
 */
export class Component {
  readonly name: string;
  readonly #launch: () => Promise<Running>;
  #running: Running | undefined;

  constructor(name: string, launch: () => Promise<Running>) {
    this.name = name;
    this.#launch = launch;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Does nothing when it already runs. */
  async start(): Promise<void> {
    this.#running ??= await this.#launch();
  }

  /** Does nothing when it is already stopped. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }
}
