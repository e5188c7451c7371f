/** Reloads of all kinds. */
import { assert, assertRejects } from "../harness/assert.ts";
import type { ProgramOptions } from "../harness/program.ts";
import { type Refusal, type Reload, type ReloadScene, STEADY } from "./reload_scene.ts";
import type { Visitors } from "./visitors.ts";

/** Connections to here come from 127.0.0.1, so that none of them can take the port while nobody listens. */
const SIDES = ["127.0.0.2", "127.0.0.3"] as const;
const BALANCES = ["first", "round-robin", "random-two", "hash-name", "least-players"] as const;

/** What reloads are tried on. */
export interface RoundOptions {
  readonly scene: ReloadScene;
  readonly visitors: Visitors;
  /** Port of the second listener, see {@linkcode freePort}. */
  readonly port: number;
  /** A port that somebody else has at 127.0.0.1. */
  readonly takenPort: number;
}

/** 25 reloads. What changes is different in each round, which are counted from 0. */
export function reloadsOf(round: number, { scene, visitors, port, takenPort }: RoundOptions): readonly Reload[] {
  const [side, otherSide] = [`${SIDES[0]}:${port}`, `${SIDES[1]}:${port}`];
  const settled = (): Promise<void> => visitors.settled();
  return [
    { what: "another limit", change: { limits: [`login_timeout = "${20 + round}s"`] }, expected: "applied" },
    { what: "half a file", spoil: adding("[[pool"), expected: invalid(/"\]\]" is missing/) },
    {
      what: "a backend and its pool",
      before: settled,
      change: { fair: [`address = "${scene.fair}"`], fairs: ["fair", "north"] },
      expected: "applied",
      after: () => visitors.goToTheFair(),
    },
    {
      what: "a listener",
      change: { side: { bind: side, pool: "town" } },
      expected: "applied",
      after: () => visitors.guest(STEADY),
    },
    { what: "a pool that is not there", spoil: replacing('pool = "town"', 'pool = "tow"'), expected: invalid(/"tow"/) },
    { what: "another balance", change: { balance: BALANCES[round % BALANCES.length] ?? "" }, expected: "applied" },
    { what: "another log level", change: { level: round % 2 === 0 ? "info" : "debug" }, expected: "applied" },
    { what: "the same file", expected: "unchanged" },
    {
      what: "a port that is taken, beside a listener that has to make room",
      spoil: (options) => {
        const { config } = replacing(`bind = "${side}"`, `bind = "${otherSide}"`)(options);
        return { config: `${config}\n${listenerAt(`127.0.0.1:${takenPort}`)}` };
      },
      expected: { problem: /Cannot bind listener/, plan: "changes" },
      after: async () => await visitors.visit(await scene.target("side"), STEADY),
    },
    {
      what: "a listener at another address of the same port",
      change: { side: { bind: otherSide, pool: "town" } },
      expected: "applied",
      after: async () => {
        await assertRefused(SIDES[0], port);
        await visitors.visit(await scene.target("side"), STEADY);
        await visitors.guestsPlay();
      },
    },
    { what: "other weights", change: { weight: 2 + round }, expected: "applied" },
    {
      what: "a backend less, whose pool stays",
      before: settled,
      change: { fair: undefined, fairs: ["north"] },
      expected: "applied",
      after: () => visitors.leaveTheFair(["north"]),
    },
    { what: "another data directory", spoil: () => ({ dataDir: "/nowhere" }), expected: restart(/data_dir/) },
    { what: "another text", change: { edge: [`motd = "Round ${round}"`] }, expected: "applied" },
    { what: "a key that there is not", spoil: adding("inteval = 1"), expected: invalid(/inteval/) },
    {
      what: "a listener less",
      change: { side: undefined },
      expected: "applied",
      after: async () => {
        await assertRefused(SIDES[1], port);
        await visitors.guestsPlay();
      },
    },
    { what: "other checks", change: { health: [`interval = "${1_500 + round}ms"`] }, expected: "applied" },
    { what: "another memory", change: { recent: round % 2 === 0 }, expected: "applied" },
    { what: "another admin address", spoil: movingAdmin, expected: restart(/admin\.bind/) },
    {
      what: "a backend with its pool and listener",
      before: settled,
      change: { fair: [`address = "${scene.fair}"`], fairs: ["fair"], side: { bind: side, pool: "fairs" } },
      expected: "applied",
      after: async () => {
        visitors.goToTheFair();
        await visitors.guest(["fair"]);
      },
    },
    {
      what: "another backend",
      change: { fair: [`address = "${scene.fair}"`, `max_players = ${150 + round}`, 'token = "fairest"'] },
      expected: "applied",
    },
    {
      what: "two listeners of one name",
      spoil: adding(listenerAt("127.0.0.1:0", "main")),
      expected: invalid(/"main"/),
    },
    {
      what: "a backend less, with its pool and listener",
      before: settled,
      change: { fair: undefined, fairs: undefined, side: undefined },
      expected: "applied",
      after: async () => {
        await assertRefused(SIDES[0], port);
        visitors.leaveTheFair(STEADY);
        await visitors.guestsPlay();
      },
    },
    { what: "another buffer", change: { limits: [`client_buffer = "${16 + round}MiB"`] }, expected: "applied" },
    {
      what: "a pool whose backend is gone",
      spoil: replacing('backends = ["north"]', 'backends = ["fair"]'),
      expected: invalid(/"fair"/),
    },
  ];
}

async function assertRefused(hostname: string, port: number): Promise<void> {
  await assertRejects(() => Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
}

/** A file that cannot be used. */
function invalid(problem: RegExp): Refusal {
  return { problem, plan: "invalid" };
}

/** A file that asks for what only a restart can do. */
function restart(problem: RegExp): Refusal {
  return { problem, plan: "restart" };
}

function adding(text: string): NonNullable<Reload["spoil"]> {
  return ({ config }) => ({ config: `${config}\n${text}` });
}

function replacing(text: string, by: string): (options: ProgramOptions) => { readonly config: string } {
  return ({ config }) => {
    assert(config.includes(text), `there is no ${text}`);
    return { config: config.replace(text, by) };
  };
}

function movingAdmin({ config }: ProgramOptions): Partial<ProgramOptions> {
  const [before, after = ""] = config.split("[admin]");
  return { config: `${before}[admin]${after.replace("127.0.0.1:0", "127.0.0.1:1")}` };
}

function listenerAt(bind: string, name = "another"): string {
  return ["[[listener]]", `name = "${name}"`, `bind = "${bind}"`, 'pool = "town"', 'auth = "off"'].join("\n");
}

/** A port that nobody has at the addresses of the second listener. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: SIDES[0], port: 0 });
  return listener.addr.port;
}
