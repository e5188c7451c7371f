/** The admin API and the dashboard of an edge, where its configuration has them. */
import { type AdminAccess, readAdminAccess } from "../admin/access.ts";
import type { Control } from "../admin/control.ts";
import { dashboardPage } from "../admin/dashboard/page.ts";
import type { AdminServer } from "../admin/server.ts";
import { type Address, formatAddress } from "../config/address.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../observe/log.ts";

/** See the file's first line. Nothing listens until it is opened. */
export class EdgeAdmin {
  readonly #control: Control;
  readonly #log: Log;
  #server: AdminServer | undefined;

  constructor(control: Control, log: Log) {
    this.#control = control;
    this.#log = log;
  }

  /** Where it listens; `undefined` where it does not. */
  get address(): Address | undefined {
    return this.#server?.address;
  }

  /** The same as it is written, and as it is: a name, or port 0, stands for another address. Empty where it does not listen. */
  get places(): readonly Address[] {
    return this.#server?.places ?? [];
  }

  /**
   * Binds its address. Whoever connects waits until {@linkcode serve}.
   *
   * @throws {BindError} where the address cannot be bound
   * @throws {UnusableFileError} where the token cannot be read
   */
  async open(admin: Config["admin"]): Promise<void> {
    if (admin === undefined) return;
    // Loaded only where it is wanted.
    const [access, page, { AdminServer }] = await Promise.all([
      readAdminAccess(admin),
      dashboardPage(),
      import("../admin/server.ts"),
    ]);
    const [control, log] = [this.#control, this.#log];
    this.#server = await AdminServer.open({ bind: admin.bind, access, page, control, log });
  }

  /** Answers from now on, where it is open. */
  serve(): void {
    if (this.#server === undefined) return;
    this.#server.serve();
    this.#log.info("admin", "the admin API and the dashboard listen", { address: formatAddress(this.#server.address) });
  }

  /** Goes by another token, other names and another rate. */
  configure(access: AdminAccess): void {
    this.#server?.configure(access);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
