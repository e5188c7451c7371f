import { runDrill } from "../../lib/ctl/drill.ts";
import { AdminClient } from "../../lib/admin/client.ts";
import { endpointAt } from "../../lib/admin/endpoint.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { fakeDrill } from "../admin/fake_control.ts";
import { Subject } from "../admin/subject.ts";
import { at, run } from "./run.ts";

Deno.test("drill asks for what its flags say, and tells each step and then what became of everybody", async () => {
  await using subject = await Subject.open();
  subject.control.drillReport = { ...fakeDrill(), state: "over" };
  const flags = ["--backend", "hub", "--player", "Notch,jeb_", "--player", "Alex", "--for", "5s", "--delay", "100ms"];
  const { code, stdout, stderr } = await run(["drill", "delay", ...flags, ...at(subject)]);
  assertEquals([code, stderr], [0, ""]);
  const fault = { kind: "delay", ms: 100 };
  const players = ["Notch", "jeb_", "Alex"];
  assertEquals(subject.control.orders, [["beginDrill", { fault, backend: "hub", players, forMs: 5_000 }]]);
  assertEquals(stdout.split("\n"), [
    "  1.001 s  Notch  lost by hub: backend-stalled, silent for 1000 ms",
    "  1.043 s  Notch  on games",
    "PLAYER  WAS ON  SILENCE  WHAT BECAME OF THEM",
    "Notch   hub     1001 ms  moved to games after 1043 ms",
    "jeb_    hub     1204 ms  unaffected",
    "stall before hub for 1.2 s: 2 players met it, 0 lost",
    "",
  ]);
});

Deno.test("drill says of everybody what became of them, and ends with 1 where somebody was lost", async () => {
  await using subject = await Subject.open();
  const [notch] = fakeDrill().seen;
  const of = (player: string, outcome: object): object => ({ ...notch, player, session: player, steps: [], outcome });
  const seen = [
    of("A", { kind: "playing", backend: "hub", ms: 20 }),
    of("B", { kind: "waiting", ms: 30.4 }),
    of("C", { kind: "left", code: "CP-C", reason: "client-left", ms: 40 }),
    of("D", { kind: "lost", code: "SP-D", reason: "backend-lost", ms: 50 }),
    of("E", { kind: "adrift" }),
    { ...of("F", { kind: "playing", backend: "hub", ms: 60 }), from: "" },
  ];
  subject.control.drillReport = { ...fakeDrill(), state: "over", lost: 1, seen: seen as never, omitted: 3 };
  const { code, stdout } = await run(["drill", "stall", "--backend", "hub", ...at(subject)]);
  assertEquals(code, 1);
  assertEquals(stdout.split("\n").map((line) => line.replace(/^(\w) .+ ms {2}/, "$1: ")), [
    "PLAYER  WAS ON  SILENCE  WHAT BECAME OF THEM",
    "A: back on hub after 20 ms",
    "B: waiting room after 30 ms",
    "C: disconnected with CP-C, client-left, after 40 ms",
    "D: lost, disconnected with SP-D, backend-lost, after 50 ms",
    "E: between two servers",
    "F: joined hub after 60 ms",
    "stall before hub for 1.2 s: 9 players met it, of 3 of whom nothing was noted, 1 lost",
    "",
  ]);
  const json = await run(["drill", "stall", "--backend", "hub", "--json", ...at(subject)]);
  assertEquals([json.code, JSON.parse(json.stdout)], [1, JSON.parse(JSON.stringify(subject.control.drillReport))]);
});

Deno.test("drill follows until the drill is over, tells no step twice, and ends it where it is interrupted", async () => {
  await using subject = await Subject.open();
  using client = new AdminClient(endpointAt(subject.server.address));
  const interruption = new AbortController();
  const told: string[] = [];
  const report = await runDrill(client, {
    request: { fault: "stall", backend: "hub", for: "1h" },
    interruption: interruption.signal,
    show: ({ player, step }) => {
      told.push(`${player} ${step.step}`);
      if (step.step === "joined") setTimeout(() => interruption.abort());
    },
    lookMs: 60_000,
  });
  assertEquals([report.state, told], ["over", ["Notch lost", "Notch joined"]]);
  assertEquals(subject.control.orders.map(([name]) => name), ["beginDrill", "endDrill"]);
});

Deno.test("drill says why none begins", async () => {
  await using subject = await Subject.open();
  subject.control.drillRefusal = "Cannot begin a drill: no";
  const refused = await run(["drill", "stall", "--backend", "hub", ...at(subject)]);
  assertEquals([refused.code, refused.stdout, refused.stderr], [1, "", "kurafuto: Cannot begin a drill: no\n"]);
});

const misuses = [
  { args: ["drill", "stall"], message: /^kurafuto: Cannot run drill without flag --backend: it takes NAME$/m },
  { args: ["drill", "--backend", "hub"], message: /^kurafuto: Cannot run drill without an argument: it takes FAULT$/m },
  {
    args: ["drill", "stal", "--backend", "hub"],
    message: /^kurafuto: Cannot run drill as .+\(did you mean "stall"\?\)$/m,
  },
  { args: ["drill", "delay", "--backend", "hub", "--delay", "soon"], message: /^kurafuto: Cannot read duration/m },
];

for (const { args, message } of misuses) {
  Deno.test(`"${args.join(" ")}" ends with 2 and says what is missing or wrong`, async () => {
    const { code, stderr } = await run(args);
    assertEquals(code, 2);
    assertMatch(stderr, message);
  });
}
