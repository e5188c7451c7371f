/** `deno task bench`: measures the edge beside HAProxy and nginx. */
import { runCommand } from "./command.ts";
import { readOpenFileLimit } from "./accounting.ts";
import { measure, type Path, type Row } from "./measure.ts";
import { type BenchOptions, choose, parseOptions } from "./options.ts";
import { edges } from "./peers/edge.ts";
import { HAPROXY } from "./peers/haproxy.ts";
import { NGINX } from "./peers/nginx.ts";
import { type Peer, SPARE_SESSIONS } from "./peers/peer.ts";
import { startCommand } from "./peers/start_command.ts";
import { pin } from "./pin.ts";
import { isNoisy, LEGEND, report } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";

const USUAL_SCENARIOS = ["fanout", "pingpong", "bulk", "mixed", "crowd", "connect", "login", "idle-1000", "start"];
const USUAL_PEERS = ["edge", "edge-raw", "haproxy", "nginx"];
const VS = "vs-";
const EXIT_FAILURE = 1;

const HELP = `Usage: deno task bench [OPTIONS]

  --scenario NAME[,NAME]  ${SCENARIOS.map(({ name }) => name).join(", ")}
                          (default: ${USUAL_SCENARIOS.join(",")}; "fanout" stands for both of its variants)
  --peers NAME[,NAME]     edge, edge-raw, edge-translate, edge-deno, edge-epoll, haproxy, haproxy-tuned, nginx, nginx-tuned
                          (default: ${USUAL_PEERS.join(",")})
  --rounds N              rounds; each runs every peer once (default: 5)
  --seconds S             length of one measurement (default: 3)
  --edge-command "…"      starts kurafuto, e.g. a compiled dist/kurafuto; "run -c FILE" is appended
  --vs-command "…"        another kurafuto to measure beside it, as vs-edge, vs-edge-raw, vs-edge-translate
  --json FILE             raw rows, one JSON object a line`;

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const scenarios = choose("scenario", SCENARIOS, options.scenarios ?? USUAL_SCENARIOS, "variants").filter(
    fitsFileLimit,
  );
  const peers = choosePeers(options).filter(isAvailable);
  const cpu = await pin();
  using json = options.json === undefined ? undefined : await Deno.create(options.json);
  for (const scenario of scenarios) {
    const rows: Row[] = [];
    for (let round = 0; round < options.rounds; round++) {
      for (const path of roundOrder(scenario, peers, round)) {
        const row = await measure(scenario, path, { round, seconds: options.seconds, cpu });
        rows.push(row);
        if (row.error !== undefined) Deno.exitCode = EXIT_FAILURE;
        json?.writeSync(new TextEncoder().encode(`${JSON.stringify({ ...row, noisy: isNoisy(row) })}\n`));
        console.error(
          `${scenario.name} ${round + 1}/${options.rounds} ${row.peer}${
            row.error === undefined ? "" : ` failed: ${row.error}`
          }`,
        );
      }
    }
    console.log(report(scenario, rows));
  }
  console.log(LEGEND);
}

/** Every peer once, beginning with another one in each round; in the first, and where its times are taken off, also the generator by itself. */
function roundOrder({ metrics }: Scenario, peers: readonly Peer[], round: number): readonly Path[] {
  const first = round % Math.max(peers.length, 1);
  const rotated = [...peers.slice(first), ...peers.slice(0, first)];
  return round === 0 || metrics.some(({ added }) => added === true) ? ["direct", ...rotated] : rotated;
}

function choosePeers({ peers, edgeCommand, vsCommand }: BenchOptions): readonly Peer[] {
  const versus = vsCommand === undefined ? [] : edges(VS, vsCommand);
  const known = [...edges("", edgeCommand ?? startCommand()), ...versus, ...HAPROXY, ...NGINX];
  const usual = vsCommand === undefined ? USUAL_PEERS : [...USUAL_PEERS, `${VS}edge`, `${VS}edge-raw`];
  return choose("peer", known, peers ?? usual);
}

function isAvailable(peer: Peer): boolean {
  const availability = peer.availability();
  console.error(
    availability.kind === "available"
      ? `${peer.name}: ${availability.version}`
      : `${peer.name} is left out: ${availability.advice}`,
  );
  return availability.kind === "available";
}

/** The generator and a peer hold two sockets of each session. */
function fitsFileLimit({ name, sessions }: Scenario): boolean {
  const needed = 2 * (sessions + SPARE_SESSIONS);
  const limit = readOpenFileLimit();
  if (needed > limit) {
    console.error(`${name} is left out: it needs ${needed} open files, the limit is ${limit} (raise it: ulimit -Hn)`);
  }
  return needed <= limit;
}

await runCommand(main);
