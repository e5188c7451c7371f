/** A real HAProxy as a process, which passes TCP connections on. */
import { Front } from "./front.ts";

/** What HAProxy is to do. */
export interface HaproxyOptions {
  /** Where the server listens, such as `127.0.0.1:25565`. */
  readonly server: string;
  /** More of the `bind` line, such as `accept-proxy`. @default none */
  readonly bind?: string;
  /** More of the `server` line, such as `send-proxy-v2` or `source 127.1.2.3`. @default none */
  readonly serverLine?: string;
  /** More lines of the section. @default none */
  readonly lines?: readonly string[];
}

export const Haproxy = {
  /** Starts HAProxy and waits until it listens. */
  start: (options: HaproxyOptions): Promise<Front> =>
    Front.start({
      name: "HAProxy",
      program: "haproxy",
      from: "haproxy",
      // The master tells when its worker listens, and takes it along when it ends.
      args: (folder) => ["-W", "-db", "-f", `${folder}/haproxy.cfg`],
      file: "haproxy.cfg",
      configuration: (_, port) => configuration(options, port),
      ready: "Loading success",
    }),
};

function configuration({ server, bind = "", serverLine = "", lines = [] }: HaproxyOptions, port: number): string {
  return `
global
  hard-stop-after 1s

defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m

listen passed-on
  bind 127.0.0.1:${port} ${bind}
  server only ${server} ${serverLine}
  ${lines.join("\n  ")}
`;
}
