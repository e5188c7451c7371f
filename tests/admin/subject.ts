/** A running admin server over an edge that only exists on paper, and what it logged. */
import type { AdminAccess } from "../../lib/admin/access.ts";
import { AdminServer, type AdminServerOptions } from "../../lib/admin/server.ts";
import type { Address } from "../../lib/config/address.ts";
import type { Log, LogFields, LogLevel } from "../../lib/observe/log.ts";
import { FakeControl } from "./fake_control.ts";
import { ask, type RawAnswer, type RawRequest } from "./raw_client.ts";

export const PAGE = "<!doctype html><style>p{}</style><p>page</p><script>void 0</script>";
/** Whoever reaches the server may do everything as often as they like. */
export const OPEN: AdminAccess = { token: undefined, hosts: [], requestRate: { count: 100_000, windowMs: 1000 } };
export const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** One line of the log. */
export interface Line {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** See the file's first line. */
export class Subject implements AsyncDisposable {
  readonly control: FakeControl;
  readonly server: AdminServer;
  readonly lines: Line[];

  private constructor(control: FakeControl, server: AdminServer, lines: Line[]) {
    this.control = control;
    this.server = server;
    this.lines = lines;
  }

  static async open(options: Partial<AdminServerOptions> = {}): Promise<Subject> {
    const control = new FakeControl();
    const lines: Line[] = [];
    const server = await AdminServer.open({
      bind: LOOPBACK,
      access: OPEN,
      control,
      log: logInto((line) => lines.push(line)),
      page: PAGE,
      ...options,
    });
    server.serve();
    return new Subject(control, server, lines);
  }

  ask(target: string, request?: RawRequest): Promise<RawAnswer> {
    return ask(this.server.address, target, request);
  }

  /** Posts JSON. */
  order(target: string, body?: unknown): Promise<RawAnswer> {
    return this.ask(target, { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

/** A log that gives every line away. */
export function logInto(take: (line: Line) => void): Log {
  const at = (level: LogLevel): Log[LogLevel] => (event, _message, fields = {}) => {
    take({ level, event, fields });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
