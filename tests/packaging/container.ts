/**
 * The program as a container engine runs it, without an engine: in namespaces of its own, as process 1, on the image's file system, which is
 * read-only, as the image's user, with no more than the image's environment. Needs root, or sudo that asks for nothing.
 */
import { eventually } from "../harness/kernel.ts";
import { type WaitOptions, Waits } from "../harness/waits.ts";
import { type Image, readDockerfile } from "./dockerfile.ts";

/** What container engines set. */
const ENGINE_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOSTNAME: "c0ffee",
  HOME: "/",
};
/** What container engines mount. */
const MOUNT_POINTS = ["proc", "dev", "data", "etc/kurafuto"];
const START_MS = 30_000;

/** Mounts what an engine mounts, makes the rest read-only, and becomes the program. */
const BECOME = `
set -eu
root=$1 folder=$2 user=$3 workdir=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for file in hosts resolv.conf kurafuto; do mount --bind "$folder/$file" "$root/etc/$file"; done
mount -o remount,bind,ro "$root/etc/kurafuto"
chown "$user:$user" "$folder/data"
mount --bind "$folder/data" "$root/data"
mount -o remount,bind,ro "$root"
ip link set lo up
exec env -i "$@"
`;

/** What a container is given. */
export interface ContainerOptions {
  /** After the entrypoint. @default what the image has */
  readonly args?: readonly string[];
  /** Text of /etc/kurafuto/kurafuto.toml. @default no such file */
  readonly config?: string;
  /** Text of /etc/hosts. @default only localhost */
  readonly hosts?: string;
  /** Text of /etc/resolv.conf. @default no server */
  readonly resolver?: string;
  /** Whether the network is the machine's, or the container's own with nothing but itself in it. @default "machine" */
  readonly network?: "machine" | "own";
}

/** The file system of the image and of any number of containers. */
export class Rootfs implements AsyncDisposable {
  readonly path: string;
  readonly image: Image;

  private constructor(path: string, image: Image) {
    this.path = path;
    this.image = image;
  }

  /** Makes it with the script that the Dockerfile runs. */
  static async make(executable: string): Promise<Rootfs> {
    const path = await Deno.makeTempDir({ prefix: "kurafuto-rootfs-" });
    // The image's user is another one.
    await Deno.chmod(path, 0o755);
    await output(["packaging/rootfs", executable, path]);
    return new Rootfs(path, await readDockerfile());
  }

  /** Every file, with its size, from the folder on. */
  async files(): Promise<readonly string[]> {
    const found = await output(["find", this.path, "-type", "f", "-printf", "/%P %s\n"]);
    return found.trim().split("\n").sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** A container. Disposing kills what is left of it. */
export class Container implements AsyncDisposable {
  /** Lines of standard output and standard error. */
  readonly said: string[] = [];
  readonly #rootfs: Rootfs;
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #waits = new Waits(() => `the container said last: ${JSON.stringify(this.said.slice(-4))}`, START_MS);
  readonly #reading: Promise<unknown>;

  private constructor(rootfs: Rootfs, folder: string, child: Deno.ChildProcess) {
    this.#rootfs = rootfs;
    this.#folder = folder;
    this.#child = child;
    this.#reading = Promise.all([this.#read(child.stdout), this.#read(child.stderr)])
      .then(() => this.#waits.end("the container has ended"));
  }

  /** Starts one on `rootfs`. */
  static async start(rootfs: Rootfs, options: ContainerOptions = {}): Promise<Container> {
    const { image, path } = rootfs;
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-container-" });
    await Deno.chmod(folder, 0o755);
    await furnish(path, folder, options);
    const namespaces = ["--mount", "--pid", "--fork", "--kill-child", ...(options.network === "own" ? ["--net"] : [])];
    const [user = ""] = image.user.split(":");
    const program = [...image.entrypoint, ...(options.args ?? image.cmd)];
    const become = ["sh", "-c", BECOME, "sh", path, folder, user, image.workdir];
    const words = ["unshare", ...namespaces, ...become, ...environment(image), ...confined(image, path), ...program];
    return new Container(rootfs, folder, spawn(words));
  }

  /** Names of what is in the volume. */
  async data(): Promise<readonly string[]> {
    return (await output(asRoot(["ls", "-A", `${this.#folder}/data`]))).trim().split("\n");
  }

  /** Waits for something in the output. */
  until<T>(probe: () => T | undefined | null | false, what: string, options?: WaitOptions): Promise<T> {
    return this.#waits.until(probe, what, options);
  }

  /** Waits for a listener in the log and returns its port. */
  async port(listener: string): Promise<number> {
    const line = new RegExp(`listening listener=${listener} address=\\S+:(\\d+)`);
    return Number((await this.until(() => line.exec(this.said.join("\n")), `the listener ${listener}`))[1]);
  }

  /** The number outside of what is process 1 inside. */
  pid(): Promise<number> {
    const find = async (): Promise<number | undefined> => {
      for (const pid of await descendants(this.#child.pid)) {
        const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
        // Until then it is the shell that mounts.
        if (/^Name:\s+kurafuto$/m.test(status) && /^NSpid:.*\s1$/m.test(status)) return pid;
      }
      return undefined;
    };
    return eventually(find, "the program as process 1", { timeoutMs: START_MS });
  }

  /** Lines of /proc/1/status inside. */
  async status(): Promise<string> {
    return await Deno.readTextFile(`/proc/${await this.pid()}/status`);
  }

  /** Sends the signal to process 1. */
  async signal(signal: string): Promise<void> {
    await output(asRoot(["kill", "-s", signal.replace("SIG", ""), String(await this.pid())]));
  }

  /** Runs a program of the image beside process 1, as `docker exec` does; the environment is the image's. */
  async run(words: readonly string[]): Promise<Deno.CommandOutput> {
    const inside = ["--mount", "--pid", "--net"];
    const enter = ["nsenter", "--target", String(await this.pid()), ...inside];
    const { image, path } = this.#rootfs;
    const program = ["env", "-i", ...environment(image), ...confined(image, path), ...words];
    return await spawn([...enter, ...program]).output();
  }

  /** Words that run a program of this machine in the container's network. */
  async inNetwork(...words: readonly string[]): Promise<string> {
    return await output(asRoot(["nsenter", "--target", String(await this.pid()), "--net", ...words]));
  }

  /** Waits for the end. Returns the exit code. */
  async ended(): Promise<number> {
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), START_MS);
    const { code } = await this.#child.status;
    clearTimeout(killer);
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = (await descendants(this.#child.pid)).map(String);
    // Some of them may end by themselves just now.
    if (left.length > 0) await output(asRoot(["sh", "-c", 'kill -s KILL "$@" || true', "sh", ...left]));
    await this.ended();
    await output(asRoot(["rm", "-rf", this.#folder]));
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.said.push(...lines);
      this.#waits.changed();
    }
  }
}

/** The files that the engine mounts, and where. */
async function furnish(root: string, folder: string, options: ContainerOptions): Promise<void> {
  const { config, hosts = "127.0.0.1 localhost\n", resolver = "" } = options;
  await Promise.all(MOUNT_POINTS.map((point) => Deno.mkdir(`${root}/${point}`, { recursive: true })));
  await Promise.all([Deno.mkdir(`${folder}/kurafuto`), Deno.mkdir(`${folder}/data`, { mode: 0o700 })]);
  const files = {
    hosts,
    "resolv.conf": resolver,
    ...(config === undefined ? {} : { "kurafuto/kurafuto.toml": config }),
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  for (const name of ["hosts", "resolv.conf"]) await Deno.writeTextFile(`${root}/etc/${name}`, "");
}

function environment({ env }: Image): string[] {
  return Object.entries({ ...ENGINE_ENV, ...env }).map(([name, value]) => `${name}=${value}`);
}

/** Words that run a program in `root` as the image says, without any privilege. */
function confined({ user, workdir }: Image, root: string): string[] {
  const [uid = "", gid = ""] = user.split(":");
  const into = ["unshare", "--root", root, "--wd", workdir, "--setuid", uid, "--setgid", gid];
  return ["setpriv", "--no-new-privs", ...into];
}

/** Processes that `pid` has started, and those that they have, and so on. */
async function descendants(pid: number): Promise<readonly number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  const children = text.trim().split(" ").filter((word) => word !== "").map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

function asRoot(words: readonly string[]): readonly string[] {
  return Deno.uid() === 0 ? words : ["sudo", "--non-interactive", ...words];
}

function spawn(words: readonly string[]): Deno.ChildProcess {
  const [program = "", ...args] = asRoot(words);
  return new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
}

/** Standard output of a program of this machine, which must end with 0. */
async function output(words: readonly string[]): Promise<string> {
  const [program = "", ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`Cannot run '${words.join(" ")}': ${code}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
