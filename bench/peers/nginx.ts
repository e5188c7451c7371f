import { type Availability, type Peer, type Place, SPARE_SESSIONS, versionText } from "./peer.ts";

/** nginx's stream proxy with one worker: as it comes, and with buffers of 64 KiB. */
export const NGINX: readonly Peer[] = [nginx("nginx", ""), nginx("nginx-tuned", "proxy_buffer_size 64k;")];

/** How an nginx has its stream module. */
export type StreamModule =
  | { readonly kind: "built-in" }
  | { readonly kind: "loadable"; readonly path: string }
  | { readonly kind: "none" };

/** The stream module according to what `nginx -V` prints. */
export function streamModule(text: string): StreamModule {
  if (/--with-stream(\s|$)/.test(text)) return { kind: "built-in" };
  if (!/--with-stream=dynamic/.test(text)) return { kind: "none" };
  const prefix = /--prefix=(\S+)/.exec(text)?.[1] ?? "/usr/local/nginx";
  const directory = /--modules-path=(\S+)/.exec(text)?.[1] ?? `${prefix}/modules`;
  return { kind: "loadable", path: `${directory}/ngx_stream_module.so` };
}

function nginx(name: string, tuning: string): Peer {
  return {
    name,
    client: "vanilla",
    availability,
    launch: (place) => ({
      files: { "nginx.conf": config(place, tuning, streamModule(versionText("nginx", "-V") ?? "")) },
      command: ["nginx", "-p", place.directory, "-e", "error.log", "-c", "nginx.conf"],
    }),
  };
}

function availability(): Availability {
  const text = versionText("nginx", "-V");
  if (text === undefined) {
    return {
      kind: "missing",
      advice: "install nginx with its stream module (Debian: apt install nginx-light libnginx-mod-stream)",
    };
  }
  const module = streamModule(text);
  if (module.kind === "none" || (module.kind === "loadable" && !exists(module.path))) {
    return { kind: "missing", advice: "install nginx's stream module (Debian: apt install libnginx-mod-stream)" };
  }
  return { kind: "available", version: /nginx\/(\S+)/.exec(text)?.[1] ?? "unknown" };
}

/** A session takes two connections, and each of them a file. */
function config({ port, backendPort, sessions }: Place, tuning: string, module: StreamModule): string {
  const connections = 2 * (sessions + SPARE_SESSIONS);
  return `
${module.kind === "loadable" ? `load_module ${module.path};` : ""}
daemon off;
pid nginx.pid;
worker_processes 1;
worker_rlimit_nofile ${connections + SPARE_SESSIONS};

events {
  worker_connections ${connections};
}

stream {
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass 127.0.0.1:${backendPort};
    ${tuning}
  }
}
`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
