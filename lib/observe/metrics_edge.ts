/** Metrics that are read of the edge whenever somebody asks. */
import { Counter, Gauge, type Registry } from "./prometheus.ts";
import type { MetricsSource } from "./metrics_source.ts";

/** See the file's first line. What a reload has removed has no series any more at the next {@linkcode read}. */
export class EdgeMetrics {
  readonly #source: MetricsSource;
  readonly #players: Gauge<"listener">;
  readonly #backendUp: Gauge<"backend">;
  readonly #backendPlayers: Gauge<"backend">;
  readonly #lastHeartbeat: Gauge<"listener" | "list">;
  readonly #bytes: Counter<"leg" | "direction">;
  readonly #packets: Counter<"direction">;
  readonly #bufferBytes: Gauge;
  readonly #queueLength: Gauge;

  constructor(registry: Registry, source: MetricsSource) {
    const registers = [registry];
    this.#source = source;
    this.#players = new Gauge({
      name: "kurafuto_players",
      help: "Players who were let in and have not left, by the listener they came through.",
      labelNames: ["listener"],
      registers,
    });
    this.#backendUp = new Gauge({
      name: "kurafuto_backend_up",
      help: "Whether a backend is healthy, drained or not.",
      labelNames: ["backend"],
      registers,
    });
    this.#backendPlayers = new Gauge({
      name: "kurafuto_backend_players",
      help: "Players who are on a backend or on their way there.",
      labelNames: ["backend"],
      registers,
    });
    this.#lastHeartbeat = new Gauge({
      name: "kurafuto_heartbeat_last_success_timestamp_seconds",
      help: "When a public server list last took a heartbeat, in seconds since 1970; 0 before the first time.",
      labelNames: ["listener", "list"],
      registers,
    });
    this.#bytes = new Counter({
      name: "kurafuto_bytes_total",
      help:
        "Bytes of sessions on the legs to clients and to backends, as seen by the edge: in is received, out is sent.",
      labelNames: ["leg", "direction"],
      registers,
    });
    this.#packets = new Counter({
      name: "kurafuto_packets_total",
      help: "Packets of play, by who sent them; those of raw listeners are not counted.",
      labelNames: ["direction"],
      registers,
    });
    this.#bufferBytes = new Gauge({
      name: "kurafuto_buffer_bytes",
      help: "Bytes that wait to be written to clients and backends.",
      registers,
    });
    this.#queueLength = new Gauge({
      name: "kurafuto_queue_length",
      help: "Sessions in line for a backend.",
      registers,
    });
  }

  /** Reads everything anew. */
  read(): void {
    this.#readNetwork();
    const { bytes, packets } = this.#source.traffic();
    this.#bytes.reset();
    this.#bytes.inc({ leg: "client", direction: "in" }, bytes.fromClient);
    this.#bytes.inc({ leg: "client", direction: "out" }, bytes.toClient);
    this.#bytes.inc({ leg: "backend", direction: "in" }, bytes.fromBackend);
    this.#bytes.inc({ leg: "backend", direction: "out" }, bytes.toBackend);
    this.#packets.reset();
    this.#packets.inc({ direction: "from-client" }, packets.fromClient);
    this.#packets.inc({ direction: "from-backend" }, packets.fromBackend);
    this.#bufferBytes.set(this.#source.bufferBytes());
    this.#queueLength.set(this.#source.queueLength());
  }

  #readNetwork(): void {
    this.#players.reset();
    for (const { name, players } of this.#source.listeners()) this.#players.set({ listener: name }, players);
    this.#backendUp.reset();
    this.#backendPlayers.reset();
    for (const { name, state, players } of this.#source.backends()) {
      this.#backendUp.set({ backend: name }, state === "up" ? 1 : 0);
      this.#backendPlayers.set({ backend: name }, players);
    }
    this.#lastHeartbeat.reset();
    for (const { listener, list, lastSuccess } of this.#source.listings()) {
      this.#lastHeartbeat.set({ listener, list }, lastSuccess);
    }
  }
}
