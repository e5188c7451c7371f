/** A driver without sockets: feeds a session any bytes at any time, and keeps what comes out. */
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { PacketBuffer } from "../../lib/protocol/packet_buffer.ts";
import {
  CLIENT,
  type Closing,
  DEFAULT_LIMITS,
  type Leg,
  type SessionEvent,
  type SessionOptions,
  type SessionPort,
  type SessionSummary,
} from "../../lib/session/port.ts";
import { Session } from "../../lib/session/session.ts";
import { decodeState, encodeState, type SessionState } from "../../lib/session/state.ts";
import { FakeRoutes } from "./fake_routes.ts";

/** More than any test says in a second. */
const PLENTY = 1_000_000;
/** Written over every chunk once the session has seen it: it may not look at it again. */
const POISON = 0xee;
/** How much later it is by another process's clock. */
const OTHER_CLOCK = 777_000;

/** Time stands still unless {@linkcode advance} moves it; sockets open, fail and close only when told to. */
export class MemoryDriver implements SessionPort {
  readonly routes: FakeRoutes;
  /** Legs that the driver pretends not to read. */
  readonly held = new Set<Leg>();
  readonly events: SessionEvent[] = [];
  readonly dialled: { readonly leg: Leg; readonly backend: string }[] = [];
  readonly closings: { readonly leg: Leg; readonly how: Closing }[] = [];
  readonly #options: SessionOptions;
  #session: Session;
  readonly #gone = new Set<Leg>();
  readonly #sent = new Map<Leg, PacketBuffer>();
  #time = 1000;
  #wakeAt = Infinity;

  /**
   * A session with CPE, unless `options` say otherwise.
   *
   * @param backends Names of the backends, best first.
   * @param state Where the session goes on; by default it begins.
   */
  constructor(
    options: Partial<SessionOptions> = {},
    backends: readonly string[] = ["hub"],
    state: SessionState | undefined = undefined,
  ) {
    this.routes = new FakeRoutes(backends);
    this.#options = {
      id: "TEST1",
      mode: "parse",
      appName: "Kurafuto",
      announced: ExtensionSet.ALL,
      welcome: { name: "My network", motd: "Welcome" },
      admit: (name) => ({ kind: "admitted", name }),
      tellsChat: () => false,
      keyFor: () => undefined,
      listDelivery: () => "at once",
      routes: this.routes,
      redirect: { command: "/server", pluginChannel: 75 },
      limits: { ...DEFAULT_LIMITS, packetsPerSecond: PLENTY, chatRate: { count: PLENTY, windowMs: 1_000 } },
      ...options,
    };
    this.#session = new Session(this, this.#options, state);
  }

  /** The session of now, see {@linkcode carryOver}. */
  get session(): Session {
    return this.#session;
  }

  /**
   * The session goes on as in another process, with another clock and nothing but the bytes of its state. Returns the state;
   * `undefined` where the session could not be written down and goes on as it was.
   *
   * @param wanted Whether a session in that state is to be carried over.
   */
  carryOver(wanted: (state: SessionState) => boolean = () => true): SessionState | undefined {
    const before = this.#session;
    const written = before.writeDown();
    if (written === undefined || !wanted(written)) return undefined;
    const state = decodeState(encodeState(written));
    if ("refused" in state) throw new Error(`Cannot carry a session over: ${state.refused}`);
    before.forget();
    this.#time += OTHER_CLOCK;
    this.#wakeAt = Infinity;
    this.#session = Session.resume(this, this.#options, state);
    return state;
  }

  /** The leg dialled last. */
  get backend(): Leg {
    const last = this.dialled.at(-1);
    if (last === undefined) throw new Error("Cannot tell the backend's leg: none was dialled");
    return last.leg;
  }

  /** The session's end; `undefined` while it lasts or its legs are open. */
  get summary(): SessionSummary | undefined {
    const last = this.events.at(-1);
    return last?.kind === "ended" ? last.summary : undefined;
  }

  /** Hands `bytes` to the session, cut into `chunks` where given. */
  feed(leg: Leg, bytes: Uint8Array, chunks: Iterable<Uint8Array> = [bytes]): void {
    for (const chunk of chunks) {
      const view = chunk.slice();
      this.session.bytes(leg, view);
      view.fill(POISON);
    }
  }

  fromClient(bytes: Uint8Array, chunks?: Iterable<Uint8Array>): void {
    this.feed(CLIENT, bytes, chunks);
  }

  fromBackend(bytes: Uint8Array, chunks?: Iterable<Uint8Array>): void {
    this.feed(this.backend, bytes, chunks);
  }

  /** The leg dialled last is connected. */
  open(): void {
    this.session.opened(this.backend);
  }

  /** All that was sent to `leg` since the last call. */
  take(leg: Leg): Uint8Array {
    const sent = this.#sent.get(leg);
    const bytes = sent?.copy() ?? new Uint8Array(0);
    sent?.clear();
    return bytes;
  }

  /** Lets time pass, with every tick the session asks for. */
  advance(ms: number): void {
    const until = this.#time + ms;
    while (this.#wakeAt <= until) {
      this.#time = this.#wakeAt;
      this.#wakeAt = Infinity;
      this.session.tick();
    }
    this.#time = until;
  }

  /** Closes every leg that the session wanted closed in full, as sockets do in the end. */
  settle(): void {
    for (const { leg, how } of this.closings) {
      if (how === "half" || this.#gone.has(leg)) continue;
      this.#gone.add(leg);
      this.session.gone(leg);
    }
  }

  now(): number {
    return this.#time;
  }

  write(leg: Leg, bytes: Uint8Array): void {
    const sent = this.#sent.get(leg) ?? new PacketBuffer();
    this.#sent.set(leg, sent);
    sent.append(bytes);
  }

  dial(leg: Leg, backend: string): void {
    this.dialled.push({ leg, backend });
  }

  close(leg: Leg, how: Closing): void {
    this.closings.push({ leg, how });
  }

  heldBack(leg: Leg): boolean {
    return this.held.has(leg);
  }

  wake(time: number): void {
    this.#wakeAt = time;
  }

  emit(event: SessionEvent): void {
    this.events.push(event);
  }
}
