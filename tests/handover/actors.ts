/** Edges that give and take over, as far as a handover sees of them. */
import type { Estate, Frozen, HandoverGiver, LeavingSession } from "../../lib/handover/giving.ts";
import type { TravellingSession } from "../../lib/handover/messages.ts";
import type { HandoverTaker, Inheritance } from "../../lib/handover/taking.ts";
import { traveller } from "./travellers.ts";

/** Gives those whom it is told to, with descriptors that count up from 100, and notes what becomes of them. */
export class FakeGiver implements HandoverGiver {
  readonly stateVersion = 1;
  obstacle: string | undefined;
  estate: Estate = {
    listeners: [{ name: "main", bind: { host: "127.0.0.1", port: 25_565 }, descriptor: 7 }],
    backends: [{ name: "hub", closing: "no", refusesLists: false }],
    leaving: ["127.0.0.1:8080", "unix:/run/admin"],
  };
  /** Players who can go over now. */
  ready: string[];
  /** Players whose sessions are practised with. */
  practice: readonly string[] = [];
  /** Players who cannot. */
  staying: readonly string[] = [];
  /** What was called, in order. */
  readonly calls: string[] = [];

  constructor(ready: readonly string[]) {
    this.ready = [...ready];
  }

  samples(): readonly TravellingSession[] {
    return this.practice.map((player) => traveller(player));
  }

  freeze(): Frozen {
    const players = this.ready;
    this.ready = [];
    const sessions = players.map((player, index): LeavingSession => ({
      ...traveller(player),
      descriptors: [100 + index],
    }));
    this.calls.push(`freeze ${players}`);
    return {
      sessions,
      staying: () => this.staying,
      thaw: () => {
        this.ready = players;
        this.calls.push("thaw");
      },
      release: (kept) => this.calls.push(`release, keep ${[...kept]}`),
    };
  }
}

/** Takes everything but the players it is told not to. */
export class FakeTaker implements HandoverTaker {
  inherited: Inheritance | undefined;
  /** Why it does not inherit. */
  fault: string | undefined;
  unwanted: readonly string[] = [];
  readonly rehearsed: string[] = [];
  readonly adopted: TravellingSession[] = [];
  readonly descriptors: number[] = [];
  readonly calls: string[] = [];

  inherit(inheritance: Inheritance): Promise<void> {
    this.inherited = inheritance;
    return this.fault === undefined ? Promise.resolve() : Promise.reject(new Error(this.fault));
  }

  rehearse(session: TravellingSession): void {
    this.rehearsed.push(session.passport.player);
  }

  adopt(session: TravellingSession, descriptors: readonly number[]): string | undefined {
    this.descriptors.push(...descriptors);
    if (this.unwanted.includes(session.passport.player)) return "not that one";
    this.adopted.push(session);
    return undefined;
  }

  begin(staying: readonly string[]): void {
    this.calls.push(["begin", ...staying].join(" "));
  }

  abandon(): void {
    this.calls.push("abandon");
  }
}
