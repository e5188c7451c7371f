/** A session as another process goes on with it: what to write down, and how to put it together again. */
import { Framer } from "../protocol/framer.ts";
import { legalSizes } from "../protocol/packet_table.ts";
import { listOf } from "./backend_login.ts";
import { ClientSide } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import { EVERY_PACKET } from "./id_table.ts";
import { Redirects, type RedirectsState } from "./redirect/redirects.ts";
import { Splice, type SpliceState } from "./splice.ts";
import { placeOf, type SessionState, STATE_VERSION } from "./state.ts";

/** The state of a session that can be resumed elsewhere now; `undefined` of any other. */
export function writeDown(session: SessionCore): SessionState | undefined {
  const core = session.writeDown();
  const stay = session.redirects?.writeDown() ?? spliceOf(session);
  return core === undefined || stay === undefined ? undefined : { version: STATE_VERSION, ...core, stay };
}

/** Goes on where a session has been written down. */
export function resume(session: SessionCore, state: SessionState): void {
  session.resume(state, placeOf(state));
  if (state.stay.kind === "splice") resumeSplice(session, state.stay);
  else resumeParse(session, state, state.stay);
}

function spliceOf({ phase }: SessionCore): SpliceState | undefined {
  return phase instanceof Splice ? phase.writeDown() : undefined;
}

function resumeSplice(session: SessionCore, state: SpliceState): void {
  const splice = new Splice(session, state.leg);
  splice.resume(state);
  session.enter(splice);
}

function resumeParse(session: SessionCore, { identity }: SessionState, state: RedirectsState): void {
  const { app, extensions } = state.client;
  const dialect = { ...identity.dialect, extensions };
  const framer = new Framer(legalSizes("c2s", dialect), EVERY_PACKET);
  const client = new ClientSide(session, { identity, dialect, app, list: listOf(dialect, app) }, framer, 0);
  client.resume(state.client);
  const redirects = new Redirects(session, client);
  session.redirects = redirects;
  redirects.resume(state);
}
