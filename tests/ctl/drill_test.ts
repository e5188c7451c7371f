import { runDrill } from "../../lib/ctl/drill.ts";
import { AdminClient } from "../../lib/admin/client.ts";
import { endpointAt } from "../../lib/admin/endpoint.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
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
    "drill 1: delay before hub",
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
    { ...of("F", { kind: "adrift" }), from: "" },
    { ...of("G", { kind: "playing", backend: "hub", ms: 60 }), from: "" },
    of("H", { kind: "stayed" }),
  ];
  subject.control.drillReport = { ...fakeDrill(), state: "over", lost: 1, seen: seen as never, omitted: 3 };
  const { code, stdout } = await run(["drill", "stall", "--backend", "hub", ...at(subject)]);
  assertEquals(code, 1);
  assertEquals(stdout.split("\n").map((line) => line.replace(/^(\w) .+ ms {2}/, "$1: ")), [
    "drill 1: stall before hub",
    "PLAYER  WAS ON  SILENCE  WHAT BECAME OF THEM",
    "A: back on hub after 20 ms",
    "B: waiting room after 30 ms",
    "C: disconnected with CP-C, client-left, after 40 ms",
    "D: lost, disconnected with SP-D, backend-lost, after 50 ms",
    "E: between two servers",
    "F: still logging in",
    "G: joined hub after 60 ms",
    "H: stayed on hub",
    "stall before hub for 1.2 s: 11 players met it, of 3 of whom nothing was noted, 1 lost",
    "",
  ]);
  const json = await run(["drill", "stall", "--backend", "hub", "--json", ...at(subject)]);
  assertEquals([json.code, JSON.parse(json.stdout)], [1, JSON.parse(JSON.stringify(subject.control.drillReport))]);
});

const interruptions: readonly {
  readonly when: string;
  readonly interrupt: (interruption: AbortController) => void;
}[] = [
  { when: "between two looks", interrupt: (interruption) => void setTimeout(() => interruption.abort()) },
  { when: "while it looks", interrupt: (interruption) => interruption.abort() },
];

for (const { when, interrupt } of interruptions) {
  Deno.test(`drill follows until the drill is over, tells no step twice, and ends it where it is interrupted ${when}`, async () => {
    await using subject = await Subject.open();
    using client = new AdminClient(endpointAt(subject.server.address));
    const interruption = new AbortController();
    const told: string[] = [];
    const { report, trouble } = await runDrill(client, {
      request: { fault: "stall", backend: "hub", for: "1h" },
      interruption: interruption.signal,
      begun: (drill) => told.push(`drill ${drill}`),
      show: ({ player, step }) => {
        told.push(`${player} ${step.step}`);
        if (step.step === "joined") interrupt(interruption);
      },
      lookMs: 60_000,
    });
    assertEquals([report.state, trouble, told], ["over", undefined, ["drill 1", "Notch lost", "Notch joined"]]);
    assertEquals(subject.control.orders.map(([name]) => name), ["beginDrill", "endDrill"]);
  });
}

const losses: readonly {
  readonly how: string;
  readonly lost: number;
  readonly lose: (subject: Subject) => void;
  readonly why: string;
}[] = [
  {
    how: "another process takes over, which knows of no drills",
    lost: 0,
    lose: ({ control }) => control.drillReport = { ...fakeDrill(), drill: "another" },
    why: 'Cannot find drill: current value is "1"',
  },
  { how: "the edge is gone", lost: 1, lose: ({ server }) => void server.close(), why: "Cannot reach the edge at " },
];

for (const { how, lost, lose, why } of losses) {
  Deno.test(`a drill is told as it was seen last where ${how}, and the exit code counts who was lost by then`, async () => {
    await using subject = await Subject.open();
    subject.control.drillReport = { ...fakeDrill(), lost };
    let told = "";
    const stdout = (text: string): boolean => {
      told += text;
      if (text.includes("on games\n")) lose(subject);
      return true;
    };
    const { code, stderr } = await run(["drill", "stall", "--backend", "hub", ...at(subject)], { stdout });
    assertEquals(code, lost);
    assertStringIncludes(stderr, `kurafuto: the edge ended the drill, and this was seen until then: ${why}`);
    assertMatch(told, new RegExp(`^Notch +hub .+^stall before hub .+, ${lost} lost$`, "ms"));
  });
}

Deno.test("drill says why none begins", async () => {
  await using subject = await Subject.open();
  subject.control.drillRefusal = "Cannot begin a drill: no";
  const refused = await run(["drill", "stall", "--backend", "hub", ...at(subject)]);
  assertEquals([refused.code, refused.stdout, refused.stderr], [1, "", "kurafuto: Cannot begin a drill: no\n"]);
});

const misuses = [
  { args: ["drill", "stall"], message: /^kurafuto: Cannot run drill without flag --backend: it takes NAME$/m },
  { args: ["drill", "--backend", "hub"], message: /^kurafuto: Cannot run drill without FAULT$/m },
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
