import { assert, assertEquals } from "./assert.ts";
import { frames, traces } from "./traces.ts";
import { ExtensionSet } from "../../lib/protocol/extensions.ts";
import { isLegal } from "../../lib/protocol/packet_table.ts";

const RECORDED = traces();

for (const trace of RECORDED) {
  Deno.test(`frames() yields all of ${trace.name}, and only what was negotiated`, () => {
    for (const direction of ["c2s", "s2c"] as const) {
      let end = 0;
      for (const { packet, bytes, start } of frames(trace, direction)) {
        assertEquals([start, bytes[0]], [end, packet.id]);
        assert(isLegal(packet, trace.dialect), packet.name);
        end += bytes.length;
      }
      assertEquals(end, trace[direction].length);
    }
  });
}

function recording(name: string): { name: string; ignore: boolean; trace: () => typeof RECORDED[number] } {
  const trace = RECORDED.find((candidate) => candidate.name === name);
  return {
    name,
    ignore: RECORDED.length === 0,
    trace: () => {
      if (trace === undefined) throw new Error(`Cannot find recording: ${name}`);
      return trace;
    },
  };
}

const mcgalaxy = recording("mcgalaxy-flat.classicube-cpe");
Deno.test({
  name: "traces() reads what both sides of a recording listed",
  ignore: mcgalaxy.ignore,
  fn(): void {
    const { announced, listed, dialect } = mcgalaxy.trace();
    assertEquals([announced.size, listed.size, dialect.extensions.size, dialect.cpe], [40, 41, 39, true]);
    assertEquals([announced.version("EnvMapAppearance"), announced.has("AmpersandSupport")], [2, true]);
  },
});

const old = recording("mcgalaxy-flat.classicube-proto5");
Deno.test({
  name: "traces() takes the protocol from the Identification",
  ignore: old.ignore,
  fn(): void {
    assertEquals(old.trace().dialect, { protocol: 5, cpe: false, extensions: ExtensionSet.EMPTY });
  },
});

const websocket = recording("mcgalaxy-flat.websocket");
Deno.test({
  name: "traces() unwraps WebSocket frames",
  ignore: websocket.ignore,
  fn(): void {
    const { c2s, s2c } = websocket.trace();
    assertEquals([c2s[0], c2s[1], s2c[0], s2c[1]], [0, 7, 0, 7]);
  },
});

const served = recording("cserver.classicube-cpe");
Deno.test({
  name: "traces() reads the timeline of a recording",
  ignore: served.ignore,
  fn(): void {
    const { timeline, c2s } = served.trace();
    const sent = timeline.filter(([, direction]) => direction === "c2s").reduce((sum, [, , length]) => sum + length, 0);
    assertEquals(sent, c2s.length);
  },
});
