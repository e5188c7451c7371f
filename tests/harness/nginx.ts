/** A real nginx as a process, which passes WebSockets on. */
import { Waits } from "./waits.ts";

const START_MS = 10_000;
/** Another program may take a free port before nginx does. */
const ATTEMPTS = 3;

/** A running nginx. Disposing stops it. */
export class Nginx implements AsyncDisposable {
  /** Where it listens. */
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #reading: Promise<void>;
  #log = "";
  readonly #waits = new Waits(() => `nginx wrote ${JSON.stringify(this.#log)}`, START_MS);

  private constructor(child: Deno.ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.#reading = this.#read();
  }

  /**
   * Starts nginx and waits until it listens.
   *
   * @param server Where WebSockets are passed on to, such as `127.0.0.1:25565`.
   * @param headers What it tells about the client, such as `X-Real-IP $remote_addr`.
   */
  static async start(server: string, headers: readonly string[]): Promise<Nginx> {
    for (let attempt = 1;; attempt++) {
      const nginx = await Nginx.#spawn(server, headers, freePort());
      try {
        await nginx.#waits.until(() => nginx.#log.includes("start worker process "), "nginx listening");
        return nginx;
      } catch (error) {
        await nginx[Symbol.asyncDispose]();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  static async #spawn(server: string, headers: readonly string[], port: number): Promise<Nginx> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-nginx-" });
    await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(folder, server, headers, port));
    const args = ["-p", folder, "-e", "stderr", "-c", "nginx.conf"];
    try {
      return new Nginx(new Deno.Command("nginx", { args, stdout: "null", stderr: "piped" }).spawn(), folder, port);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error("Cannot start nginx: it is not installed (Debian, Ubuntu: apt-get install nginx-light)");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log += text;
      this.#waits.changed();
    }
    this.#waits.end("nginx has ended");
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

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
