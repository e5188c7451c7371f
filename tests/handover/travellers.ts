import type { TravellingSession } from "../../lib/handover/messages.ts";

/** A session on its way, of a player called `player`. */
export function traveller(player: string, unsent: readonly Uint8Array[] = [new Uint8Array(0)]): TravellingSession {
  return {
    passport: {
      session: `ID${player}`,
      listener: "main",
      mode: "parse",
      player,
      client: "Some client",
      arrival: {
        source: { address: "192.0.2.7", port: 40_000 },
        destination: { address: "192.0.2.1", port: 25_565 },
        transport: "tcp",
        secure: false,
        ageMs: 1_234.5,
      },
      thereMs: 17,
      legs: unsent.map((_, leg) => ({ leg, websocket: leg % 2 === 1 })),
    },
    state: new TextEncoder().encode(`the state of ${player}`),
    unsent,
  };
}
