/** A real nginx as a process, which passes WebSockets on. */
import { Front } from "./front.ts";

export const Nginx = {
  /**
   * Starts nginx and waits until it listens.
   *
   * @param server Where WebSockets are passed on to, such as `127.0.0.1:25565`.
   * @param headers What it tells about the client, such as `X-Real-IP $remote_addr`.
   */
  start: (server: string, headers: readonly string[]): Promise<Front> =>
    Front.start({
      name: "nginx",
      program: "nginx",
      from: "nginx-light",
      args: (folder) => ["-p", folder, "-e", "stderr", "-c", "nginx.conf"],
      file: "nginx.conf",
      configuration: (folder, port) => configuration(folder, server, headers, port),
      ready: "start worker process ",
    }),
};

function configuration(folder: string, server: string, headers: readonly string[], port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
pid nginx.pid;
worker_processes 1;
error_log stderr notice;

events {
  worker_connections 64;
}

http {
  access_log off;
  ${temporary.map((what) => `${what}_temp_path ${folder}/${what};`).join("\n  ")}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://${server};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      ${headers.map((header) => `proxy_set_header ${header};`).join("\n      ")}
    }
  }
}
`;
}
