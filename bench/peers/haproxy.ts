import { type Peer, type Place, SPARE_SESSIONS, versionText } from "./peer.ts";

/** HAProxy in TCP mode on one thread: as it comes, and with buffers of 64 KiB. */
export const HAPROXY: readonly Peer[] = [haproxy("haproxy", ""), haproxy("haproxy-tuned", "tune.bufsize 65536")];

function haproxy(name: string, tuning: string): Peer {
  return {
    name,
    client: "vanilla",
    availability: () => {
      const text = versionText("haproxy", "-v");
      return text === undefined
        ? { kind: "missing", advice: "install HAProxy (Debian: apt install haproxy)" }
        : { kind: "available", version: /version (\S+)/i.exec(text)?.[1] ?? "unknown" };
    },
    launch: (place) => ({
      files: { "haproxy.cfg": config(place, tuning) },
      command: ["haproxy", "-db", "-f", `${place.directory}/haproxy.cfg`],
    }),
  };
}

function config({ port, backendPort, sessions }: Place, tuning: string): string {
  return `
global
  nbthread 1
  maxconn ${sessions + SPARE_SESSIONS}
  ${tuning}

defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m

listen classic
  bind 127.0.0.1:${port} backlog 4096
  maxconn ${sessions + SPARE_SESSIONS}
  server world 127.0.0.1:${backendPort}
`;
}
