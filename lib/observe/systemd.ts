/** What the edge tells the service manager that started it: sd_notify(3) and its watchdog. */
import { MonotonicClock } from "./monotonic_clock.ts";
import { NotifySocket } from "./notify_socket.ts";

type Environment = Readonly<Record<string, string>>;

/**
 * systemd, or whatever else has set NOTIFY_SOCKET. Without it every method does nothing. Nothing here throws: a service that cannot
 * say how it is serves players all the same.
 */
export class ServiceManager {
  readonly #socket: NotifySocket | undefined;
  readonly #clock = new MonotonicClock();
  #beats: ReturnType<typeof setInterval> | undefined;
  #status = "";

  private constructor(socket: NotifySocket | undefined) {
    this.#socket = socket;
  }

  /**
   * Connects to the manager that `env` names and, where it has a watchdog, beats twice in each of its spans until closed.
   *
   * @param onProblem Is told why the manager cannot be reached, at most once.
   */
  static open(env: Environment, onProblem: (message: string) => void): ServiceManager {
    const address = env["NOTIFY_SOCKET"] ?? "";
    const [folder = ""] = (env["RUNTIME_DIRECTORY"] ?? "").split(":");
    const manager = new ServiceManager(address === "" ? undefined : NotifySocket.open({ address, folder, onProblem }));
    if (manager.#socket !== undefined) manager.#watch(watchdogMs(env));
    return manager;
  }

  /** The edge has started, or has reloaded. */
  ready(): void {
    this.#send("READY=1");
  }

  /**
   * A reload begins; {@linkcode ready} must follow, also where it is refused. systemd wants the time of it, and takes none that lies before
   * its own signal; a clock that is ahead by a second does.
   */
  reloading(): void {
    if (this.#socket === undefined) return;
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${this.#clock.now()}`);
  }

  /** The edge begins to stop. */
  stopping(): void {
    this.#send("STOPPING=1");
  }

  /** Process `pid` is the service from now on; nothing more is said from here. */
  handedOver(pid: number): void {
    clearInterval(this.#beats);
    this.#send(`WATCHDOG=1\nMAINPID=${pid}`);
  }

  /** One line on how the edge is, for `systemctl status`; the same text is sent once. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#send(`STATUS=${text.replaceAll("\n", " ")}`);
  }

  /** Asks for `ms` milliseconds from now on for the start, reload or stop that is under way. */
  extend(ms: number): void {
    this.#send(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1_000)}`);
  }

  /** Ends the beats and resolves when everything is sent, after a second at most. */
  async close(): Promise<void> {
    clearInterval(this.#beats);
    await this.#socket?.close();
  }

  /** A beat comes by the event loop, so that one which hangs is noticed. */
  #watch(spanMs: number | undefined): void {
    if (spanMs === undefined) return;
    const beat = (): void => {
      this.#clock.look();
      this.#send("WATCHDOG=1");
    };
    beat();
    this.#beats = setInterval(beat, spanMs / 2);
  }

  #send(message: string): void {
    this.#socket?.send(message);
  }
}

/** Milliseconds within which the manager wants a beat; `undefined` where it wants none, or from another process. */
function watchdogMs(env: Environment): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  const pid = env["WATCHDOG_PID"];
  if (!(microseconds > 0) || (pid !== undefined && pid !== String(Deno.pid))) return undefined;
  return microseconds / 1_000;
}
