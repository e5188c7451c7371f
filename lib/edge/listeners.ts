/** The addresses where players connect, each with what the configuration says about it now. */
import { messageOf } from "../error_message.ts";
import { formatAddress, type TcpAddress } from "../config/address.ts";
import type { ListenerConfig } from "../config/schema.ts";
import type { OpenListener } from "../handover/giving.ts";
import type { InheritedListener } from "../handover/taking.ts";
import { NetworkSet } from "../guard/network_set.ts";
import type { Log } from "../observe/log.ts";
import type { Prepared } from "./prepared.ts";
import { Beat } from "../transport/beat.ts";
import { BindError } from "../transport/bind_error.ts";
import type { AcceptedConn } from "../transport/conn.ts";
import type { DoorOptions } from "../transport/front_door.ts";
import { Listener } from "../transport/listener.ts";
import type { Acceptor, Sockets } from "../transport/sockets.ts";
import { TlsLayer } from "../transport/tls.ts";
import { Turnstile } from "../transport/turnstile.ts";

/** What listeners tell. */
export interface ListenersOptions {
  readonly log: Log;
  readonly sockets: Pick<Sockets, "listen" | "inherited">;
  /** Takes a connection in by what counts for its listener now. Returns what part of a beat is to pass before the next one. */
  readonly accepted: (listener: ListenerConfig, conn: AcceptedConn, door: DoorOptions) => number;
  /** A peer was gone before its connection could be accepted. */
  readonly missed: (listener: string) => void;
  /** A connection could not be accepted. */
  readonly failed: (listener: string, error: unknown) => void;
}

/** Where a listener listens; tells the port taken for port 0. */
export interface ListenerStatus {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

/** How a listener is to be. */
interface Setting {
  readonly config: ListenerConfig;
  readonly door: DoorOptions;
  readonly tls: TlsLayer | undefined;
}

/** A listener that listens. */
interface Bound {
  readonly listener: Listener;
  setting: Setting;
}

/** Listeners that are made ready; {@linkcode bind} comes before the commit. */
export interface PreparedListeners extends Prepared {
  /** Listeners that get another certificate out of the same files. */
  readonly renewed: readonly string[];
  /**
   * Binds what is not bound yet. Whoever connects is taken in only when this turn of the event loop is over.
   *
   * @throws {BindError} where an address cannot be bound
   * @throws {Error} where the listeners were closed meanwhile
   */
  bind(): void;
}

/** See the file's first line. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #entrance = new Turnstile(new Beat());
  /** In the order of the configuration. */
  #bound: ReadonlyMap<string, Bound> = new Map();
  /** What is closing, and TLS layers that still have connections. */
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;
  /** Sockets of another process that nobody has taken yet. */
  #inherited: InheritedListener[] = [];
  /** Whether nobody is accepted for now. */
  #isPaused = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get status(): readonly ListenerStatus[] {
    return Array.from(this.#bound, ([name, { listener }]) => ({ name, ...listener.address }));
  }

  /** What another process needs to listen at the same addresses. */
  get open(): readonly OpenListener[] {
    return Array.from(
      this.#bound,
      ([name, { listener: { descriptor }, setting: { config: { bind } } }]) =>
        descriptor === undefined ? [] : [{ name, bind: { host: bind.host, port: bind.port }, descriptor }],
    ).flat();
  }

  /** Accepts nobody until {@linkcode resume}; those who connect wait. */
  pause(): void {
    this.#isPaused = true;
    for (const { listener } of this.#bound.values()) listener.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const { listener } of this.#bound.values()) listener.resume();
  }

  /** Binds these addresses no more, since another process has done so already. */
  inherit(listeners: readonly InheritedListener[]): void {
    this.#inherited = [...listeners];
  }

  /** Closes what was inherited and is not needed. */
  disclaim(): void {
    for (const { descriptor } of this.#inherited) this.#options.sockets.inherited?.close(descriptor);
    this.#inherited = [];
  }

  /**
   * Listens where `configs` say, at the start.
   *
   * @param bound Called when that is certain and nobody was accepted yet; where it throws, nothing listens.
   * @throws {BindError} where an address cannot be bound
   * @throws {Error} where a certificate cannot be read
   */
  async listen(configs: readonly ListenerConfig[], bound: () => void = () => {}): Promise<void> {
    const prepared = await this.prepare(configs);
    try {
      prepared.bind();
      bound();
    } catch (error) {
      prepared.discard();
      throw error;
    }
    prepared.commit();
  }

  /**
   * Makes ready for other listeners. One that stays at its address stays open; one in the way of another, at the same port of
   * another address, is closed at once and comes back when the change is discarded.
   *
   * @throws {Error} where a certificate cannot be read
   */
  async prepare(next: readonly ListenerConfig[]): Promise<PreparedListeners> {
    const settings = await this.#open(next);
    const staying = next.filter((config) => this.#stays(config));
    const leaving = [...this.#bound.values()].filter(({ setting: { config } }) =>
      !staying.some(({ name }) => name === config.name)
    );
    const released = leaving.filter(({ setting: { config } }) =>
      next.some(({ bind }) => bind.port !== 0 && bind.port === config.bind.port)
    );
    await Promise.all(released.map(({ listener }) => listener.close()));
    const fresh: Bound[] = [];
    return {
      renewed: settings.filter((setting) => this.#isRenewed(setting)).map(({ config }) => config.name),
      bind: () => {
        if (this.#isClosed) throw new Error("Cannot bind listeners: the edge is stopping");
        for (const setting of settings) if (!staying.includes(setting.config)) fresh.push(this.#bind(setting));
      },
      commit: () => this.#commit(settings, fresh, leaving),
      discard: () => {
        for (const { listener } of fresh) this.#track(listener.close());
        for (const { tls } of settings) if (!this.#uses(tls)) this.#track(tls?.[Symbol.asyncDispose]());
        if (!this.#isClosed) { for (const bound of released) this.#rebind(bound); }
      },
    };
  }

  /** Accepts no more, and never again. */
  close(): void {
    this.#isClosed = true;
    for (const { listener } of this.#bound.values()) this.#track(listener.close());
  }

  /** Resolves when nothing of {@linkcode close} is left and every connection through TLS, which must be closing, is gone. */
  async settled(): Promise<void> {
    for (const { setting } of this.#bound.values()) this.#track(setting.tls?.[Symbol.asyncDispose]());
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #commit(settings: readonly Setting[], fresh: readonly Bound[], leaving: readonly Bound[]): void {
    const layers = new Set(settings.map(({ tls }) => tls));
    for (const { setting: { tls } } of this.#bound.values()) if (!layers.has(tls)) this.#track(tls?.retire());
    for (const { listener } of leaving) this.#track(listener.close());
    const bound = settings.flatMap((setting) => {
      const found = fresh.find((bound) => bound.setting === setting) ?? this.#bound.get(setting.config.name);
      if (found === undefined) return [];
      found.setting = setting;
      return [[setting.config.name, found] as const];
    });
    this.#bound = new Map(bound);
    for (const bound of fresh) this.#tell(bound);
  }

  #stays({ name, bind }: ListenerConfig): boolean {
    const bound = this.#bound.get(name)?.setting.config.bind;
    return bound !== undefined && bound.host === bind.host && bound.port === bind.port;
  }

  #isRenewed({ config, tls }: Setting): boolean {
    const before = this.#bound.get(config.name)?.setting;
    return before?.tls !== undefined && before.tls !== tls && before.config.tlsCert === config.tlsCert;
  }

  #uses(tls: TlsLayer | undefined): boolean {
    return this.#bound.values().some(({ setting }) => setting.tls === tls);
  }

  /** Reads what the listeners need. A certificate that is the same as before keeps its layer. */
  async #open(configs: readonly ListenerConfig[]): Promise<readonly Setting[]> {
    const opened: Setting[] = [];
    try {
      for (const config of configs) {
        const { name, tlsCert, tlsKey } = config;
        const tls = tlsCert === ""
          ? undefined
          : await TlsLayer.open(tlsCert, tlsKey, this.#bound.get(name)?.setting.tls);
        opened.push({ config, tls, door: this.#door(config, tls) });
      }
      return opened;
    } catch (error) {
      for (const { tls } of opened) if (!this.#uses(tls)) this.#track(tls?.[Symbol.asyncDispose]());
      throw error;
    }
  }

  /** How connections to a listener come in. */
  #door({ name, websocket, proxyProtocolFrom, realIpFrom }: ListenerConfig, tls: TlsLayer | undefined): DoorOptions {
    const [proxies, webServers] = [new NetworkSet(proxyProtocolFrom), new NetworkSet(realIpFrom)];
    return {
      websocket,
      proxyFrom: (address) => proxies.has(address),
      realIpFrom: (address) => webServers.has(address),
      // The layer may be another one by the time that a connection turns out to speak TLS.
      ...tls && { tls: (conn, signal) => (this.#bound.get(name)?.setting.tls ?? tls).accept(conn, signal) },
    };
  }

  #bind(setting: Setting): Bound {
    const { accepted, missed, failed } = this.#options;
    const { name, bind: { host, port } } = setting.config;
    try {
      const bound: Bound = {
        setting,
        listener: new Listener(
          host,
          port,
          {
            accepted: (conn) => accepted(bound.setting.config, conn, bound.setting.door),
            missed: () => missed(name),
            failed: (error) => failed(name, error),
          },
          this.#entrance,
          { listen: () => this.#acceptor(setting.config) },
        ),
      };
      return bound;
    } catch (error) {
      throw new BindError(`listener '${name}'`, setting.config.bind, error);
    }
  }

  #acceptor({ name, bind: { host, port } }: ListenerConfig): Acceptor {
    const { sockets } = this.#options;
    const index = this.#inherited.findIndex(({ name: other, bind }) =>
      bind.host === host && bind.port === port && (port !== 0 || other === name)
    );
    const [inherited] = index < 0 ? [] : this.#inherited.splice(index, 1);
    const acceptor = inherited === undefined
      ? sockets.listen(host, port)
      : sockets.inherited?.acceptor(inherited.descriptor) ?? sockets.listen(host, port);
    if (this.#isPaused) acceptor.pause?.();
    return acceptor;
  }

  #rebind({ setting }: Bound): void {
    const { name } = setting.config;
    try {
      this.#bound = new Map([...this.#bound, [name, this.#bind(setting)]]);
    } catch (error) {
      // The next reload is to see that it does not listen.
      this.#bound = new Map([...this.#bound].filter(([other]) => other !== name));
      this.#track(setting.tls?.retire());
      const message = messageOf(error);
      this.#options.log.error("listen-failed", `${message}; nobody can connect there until the next reload`);
    }
  }

  #tell({ setting: { config }, listener }: Bound): void {
    const { hostname, port } = listener.address;
    const address: TcpAddress = { kind: "tcp", host: hostname, port };
    const fields = { listener: config.name, address: formatAddress(address), mode: config.mode };
    this.#options.log.info("listening", "listening", fields);
  }

  #track(closing: Promise<void> | undefined): void {
    if (closing === undefined) return;
    const done = closing.finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}
