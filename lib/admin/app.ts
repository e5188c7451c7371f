/** The admin API's routes. No sockets: whoever has them calls `fetch`. */
import { type Context, Hono } from "hono";
import type * as z from "zod/mini";
import { currentValue } from "../config/current_value.ts";
import { suggestion } from "../config/nearest.ts";
import { errorBody, errorResponse } from "./api_error.ts";
import { faultOf } from "../drill/fault.ts";
import type { Answer, Control, ReloadAnswer, UpgradeAnswer } from "./control.ts";
import type { EventFeed } from "./event_feed.ts";
import type { AdminGuard } from "./guard.ts";
import { ANNOUNCE, DRAIN, DRILL, KICK, MOVE, NOTHING, readOrder, RELOAD, UPGRADE } from "./order_body.ts";
import type { Page } from "./page.ts";
import type { RequestLog } from "./request_log.ts";

/** What is known about a request beside itself. */
export interface RequestFacts {
  readonly Bindings: {
    /** The caller's address. */
    readonly peer: string;
  };
}

export interface AppParts {
  readonly control: Control;
  readonly guard: Pick<AdminGuard, "refusal">;
  readonly events: Pick<EventFeed, "open">;
  readonly log: Pick<RequestLog, "answered" | "failed">;
  /** Shown at `/`. */
  readonly page: Page;
}

/** What `/v1/events` answers with. */
export const EVENT_STREAM = "text/event-stream";
/** Prometheus' text format. */
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

type AdminContext = Context<RequestFacts>;
type Handler = (context: AdminContext) => Response | Promise<Response>;

/** See the file's first line. */
export function createApp(parts: AppParts): Hono<RequestFacts> {
  const { guard, log } = parts;
  const app = new Hono<RequestFacts>();
  app.use(async (c, next) => {
    const refusal = guard.refusal(c.req.raw, c.req.path, c.env.peer);
    if (refusal === undefined) await next();
    else c.res = refusal;
    log.answered({ peer: c.env.peer, method: c.req.method, path: c.req.path, status: c.res.status });
  });
  const [views, orders] = [viewsOf(parts), ordersOf(parts.control)];
  for (const [path, handler] of Object.entries(views)) {
    app.get(path, handler);
    app.all(path, () => wrongMethod("GET, HEAD"));
  }
  for (const [path, handler] of Object.entries(orders)) {
    app.post(path, handler);
    app.all(path, () => wrongMethod("POST"));
  }
  const paths = [...Object.keys(views), ...Object.keys(orders)];
  app.notFound((c) => {
    const { path } = c.req;
    return errorResponse(404, "not_found", `Cannot find path: ${currentValue(path)}${suggestion(path, paths)}`);
  });
  app.onError((error, c) => {
    log.failed(c.env.peer, c.req.path, error);
    return errorResponse(500, "internal", "Cannot answer request: the edge's log says why");
  });
  return app;
}

/** What can be looked at. */
function viewsOf({ control, events, page }: AppParts): Readonly<Record<string, Handler>> {
  return {
    "/": (c) => c.html(page.html, 200, { "Content-Security-Policy": page.policy }),
    "/healthz": (c) => c.json({ status: "ok" }),
    "/readyz": (c) => {
      if (control.ready) return c.json({ ready: true });
      const draining = control.status().state === "draining";
      return c.json({ ready: false, why: draining ? "the edge is draining" : "the edge takes no players yet" }, 503);
    },
    "/metrics": async (c) => c.body(await control.metrics(), 200, { "Content-Type": METRICS }),
    "/v1/status": (c) => c.json(control.status()),
    "/v1/players": (c) => c.json({ players: control.players() }),
    "/v1/backends": (c) => c.json({ backends: control.backends() }),
    "/v1/plan": async (c) => c.json(await control.plan()),
    "/v1/explain/:who": (c) => {
      const who = c.req.param("who") ?? "";
      const trail = control.explain(who);
      if (trail !== undefined) return c.json(trail);
      const hint = suggestion(who, control.players().map(({ name }) => name));
      const message = `Cannot explain as no session has this player, id or end code: ${currentValue(who)}${hint}`;
      return errorResponse(404, "unknown_player", message);
    },
    "/v1/drills/:id": (c) => {
      const id = c.req.param("id") ?? "";
      const report = control.drill(id);
      if (report !== undefined) return c.json(report);
      return errorResponse(404, "unknown_drill", `Cannot find drill: ${currentValue(id)}`);
    },
    "/v1/events": (c) => {
      const since = c.req.header("Last-Event-ID") ?? c.req.query("since");
      if (since !== undefined && !/^\d{1,15}$/.test(since)) {
        const message = `Cannot take request as "since" must be the id of an event: ${currentValue(since)}`;
        return errorResponse(400, "bad_request", message);
      }
      // nginx would keep events back otherwise.
      const headers = { "Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no" };
      // Nobody would read the stream.
      if (c.req.method === "HEAD") return c.body(null, 200, headers);
      const stream = events.open(since === undefined ? undefined : Number(since));
      if (stream !== undefined) return new Response(stream, { headers });
      return errorResponse(503, "too_many_streams", "Cannot open one more stream of events", { "Retry-After": "10" });
    },
  };
}

/** What can be done. */
function ordersOf(control: Control): Readonly<Record<string, Handler>> {
  return {
    "/v1/players/:name/move": order(MOVE, (c, { to }) => answerWith(control.move(nameIn(c), to))),
    "/v1/players/:name/kick": order(KICK, (c, { reason }) => answerWith(control.kick(nameIn(c), reason))),
    "/v1/backends/:name/drain": order(DRAIN, (c, { move }) => answerWith(control.drain(nameIn(c), { move }))),
    "/v1/backends/:name/enable": order(NOTHING, (c) => answerWith(control.enable(nameIn(c)))),
    "/v1/announce": order(ANNOUNCE, (_c, { text }) => {
      const players = control.announce(text);
      return Response.json({ message: `told to ${players} ${players === 1 ? "player" : "players"}`, players });
    }),
    "/v1/reload": order(RELOAD, async (_c, { confirm }) => reloadResponse(await control.reload(confirm), "reload")),
    "/v1/reload/confirm": order(NOTHING, () => answerWith(control.confirmReload())),
    "/v1/reload/rollback": order(NOTHING, async () => reloadResponse(await control.rollBack(), "roll back")),
    "/v1/upgrade": order(UPGRADE, async (_c, { to }) => upgradeResponse(await control.upgrade(to))),
    "/v1/drills": order(DRILL, (_c, { fault, backend, players, for: forMs, delay_ms: ms, seed = randomSeed() }) => {
      const answer = control.beginDrill({ fault: faultOf(fault, { ms, seed }), backend, players, forMs });
      return answer.kind === "begun" ? Response.json({ drill: answer.drill }) : answerWith(answer);
    }),
    "/v1/drills/:id/end": order(NOTHING, (c) => answerWith(control.endDrill(c.req.param("id") ?? ""))),
    "/v1/drain": order(NOTHING, () => {
      control.drainEdge();
      return Response.json({ message: "the edge drains and then stops" });
    }),
  };
}

/** A handler that reads the body before. */
function order<T>(
  schema: z.ZodMiniType<T>,
  carryOut: (context: AdminContext, order: T) => Response | Promise<Response>,
): Handler {
  return async (c) => {
    const body = await readOrder(c.req.raw, schema);
    return body.kind === "order" ? await carryOut(c, body.order) : body.response;
  };
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

function nameIn(context: AdminContext): string {
  return context.req.param("name") ?? "";
}

function answerWith(answer: Answer): Response {
  switch (answer.kind) {
    case "done":
      return Response.json({ message: answer.message });
    case "refused":
      return errorResponse(409, "refused", answer.message);
    case "unknown": {
      const hint = answer.hint === undefined ? "" : ` (did you mean ${JSON.stringify(answer.hint)}?)`;
      return errorResponse(404, `unknown_${answer.what}`, answer.message + hint);
    }
  }
}

function reloadResponse(answer: ReloadAnswer, order: "reload" | "roll back"): Response {
  if (answer.result !== "refused") return Response.json(answer);
  const message = `Cannot ${order}, and nothing was changed: ${answer.lines.join("; ")}`;
  return Response.json({ ...answer, ...errorBody("refused", message) }, { status: 409 });
}

function upgradeResponse(answer: UpgradeAnswer): Response {
  if (answer.result !== "refused") return Response.json(answer);
  const message = [answer.message, ...answer.problems ?? []].join("; ");
  return Response.json({ ...answer, ...errorBody("refused", message) }, { status: 409 });
}

function wrongMethod(allowed: string): Response {
  return errorResponse(405, "method_not_allowed", `Cannot take request as its method must be ${allowed}`, {
    Allow: allowed,
  });
}
