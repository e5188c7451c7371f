import { messageOf } from "../error_message.ts";

/** Messages that may wait for a manager which does not read; what comes then is dropped. */
const MOST_WAITING = 32;
/** Milliseconds that {@linkcode NotifySocket.close} gives to what still waits. */
const CLOSE_MS = 1_000;

/** Where and how messages to a service manager are sent. */
export interface NotifyOptions {
  /** The manager's socket: a path, or "@" and an abstract name. */
  readonly address: string;
  /** Folder where a socket's name may stand for a moment; empty for one of its own in the system's temporary folder. */
  readonly folder: string;
  /** Is told why messages cannot be sent, once. */
  readonly onProblem: (message: string) => void;
}

/** Sends datagrams to a service manager, as sd_notify(3) does, in the order in which they are given. */
export class NotifySocket {
  readonly #socket: Deno.DatagramConn;
  readonly #manager: Deno.UnixAddr;
  readonly #onProblem: (message: string) => void;
  #sent: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isTold = false;

  private constructor(socket: Deno.DatagramConn, { address, onProblem }: NotifyOptions) {
    this.#socket = socket;
    this.#manager = { transport: "unixpacket", path: address.replace(/^@/, "\0") };
    this.#onProblem = onProblem;
  }

  /** A socket for `options.address`; `undefined`, after its problem was told, where there can be none. */
  static open(options: NotifyOptions): NotifySocket | undefined {
    const { address, folder, onProblem } = options;
    try {
      if (!/^[/@]./.test(address)) throw new Error('it must be a path or "@name"');
      return new NotifySocket(bindNameless(folder), options);
    } catch (error) {
      onProblem(problem(address, error));
      return undefined;
    }
  }

  /** Sends a message, or drops it where too many wait. */
  send(message: string): void {
    if (this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    this.#sent = this.#sent.then(async () => {
      try {
        await this.#socket.send(new TextEncoder().encode(message), this.#manager);
      } catch (error) {
        this.#tell(error);
      }
      this.#waiting--;
    });
  }

  /** Resolves when everything is sent, after a second at most. */
  async close(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS);
    await Promise.race([this.#sent, late]);
    clearTimeout(timer);
    // What is sent no more is no problem.
    this.#isTold = true;
    this.#socket.close();
  }

  #tell(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onProblem(problem(this.#manager.path.replace("\0", "@"), error));
  }
}

/** Deno wants a name for each datagram socket; the manager does not, so it is removed at once and no file is left behind. */
function bindNameless(given: string): Deno.DatagramConn {
  const folder = given === "" ? Deno.makeTempDirSync({ prefix: "kurafuto-" }) : given;
  try {
    const path = `${folder}/notify-${Deno.pid}`;
    const socket = Deno.listenDatagram({ transport: "unixpacket", path });
    Deno.removeSync(path);
    return socket;
  } finally {
    if (folder !== given) Deno.removeSync(folder);
  }
}

function problem(address: string, error: unknown): string {
  const reason = messageOf(error);
  // What Deno 2.7 says of abstract names.
  const why = reason.includes("null bytes") ? "this build knows no abstract sockets" : reason;
  return `Cannot notify the service manager: ${why}; current value of NOTIFY_SOCKET is '${address}'`;
}
