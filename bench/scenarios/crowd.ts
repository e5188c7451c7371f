import type { Load } from "../load.ts";
import type { ClientKind } from "../login.ts";
import { TICKS_PER_MILLISECOND } from "../position.ts";
import type { Scenario } from "../scenario.ts";
import { EchoedMoves } from "./echoed_moves.ts";

const PLAYERS = 1_000;
/** Milliseconds between two positions of a player: ClassiCube sends 20 a second. */
const TICK = 50;
const WARM_UP = 2_000;

/** Many players at the pace of the game, far below what the peer could carry: what it adds to the time of each packet. */
export const CROWD: Scenario = {
  name: "crowd",
  about:
    `${PLAYERS} players send a position 20 times a second, evenly spread, the backend answers each at once; there and back`,
  sessions: PLAYERS,
  metrics: [
    { name: "p50", unit: "ms p50", digits: 2, of: "path" },
    { name: "p99", unit: "ms p99", digits: 2, of: "path" },
    { name: "p50", unit: "ms p50 added", digits: 2, of: "path", added: true },
    { name: "p99", unit: "ms p99 added", digits: 2, of: "path", added: true },
    { name: "cpuPerMillion", unit: "CPU s/M packets", digits: 2, of: "peer" },
  ],
  run: ({ load, meter, client, seconds }) => {
    const crowd = new Crowd(load, client);
    const { moves } = crowd;
    crowd.run(WARM_UP);
    moves.times.clear();
    meter.start();
    crowd.run(seconds * 1_000);
    const usage = meter.stop();
    const trips = moves.times.count;
    const [p50, p99] = [moves.times.quantile(0.5), moves.times.quantile(0.99)];
    moves.drain();
    return {
      p50: p50 / TICKS_PER_MILLISECOND,
      p99: p99 / TICKS_PER_MILLISECOND,
      cpuPerMillion: usage.peer / (trips * 2) * 1e6,
    };
  },
};

/** Players in turn, each of whom sends a position that the backend sends back. */
class Crowd {
  readonly moves: EchoedMoves;
  readonly #load: Load;
  #next = 0;

  constructor(load: Load, client: ClientKind) {
    this.#load = load;
    this.moves = new EchoedMoves(load, client, PLAYERS);
  }

  /** Lets the players move for `milliseconds`. Positions that come too late for their schedule are left out. */
  run(milliseconds: number): void {
    const pace = TICK / PLAYERS;
    const start = performance.now();
    let due = start;
    for (let now = start; now < start + milliseconds; now = performance.now()) {
      while (due <= now) {
        this.#move();
        due = Math.max(due + pace, now - TICK);
      }
      this.#load.poll(due - performance.now());
    }
  }

  /** The next player sends a position. */
  #move(): void {
    const player = this.moves.players[this.#next];
    if (player !== undefined) this.moves.move(player);
    this.#next = (this.#next + 1) % PLAYERS;
  }
}
