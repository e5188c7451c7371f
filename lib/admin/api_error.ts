/** How the admin API says that a request was not carried out. */

/** What programs tell errors apart by. */
export type ErrorCode =
  | "bad_json"
  | "bad_request"
  | "unauthorized"
  | "wrong_host"
  | "wrong_origin"
  | "not_found"
  | "unknown_player"
  | "unknown_backend"
  | "unknown_drill"
  | "method_not_allowed"
  | "refused"
  | "too_large"
  | "too_many_requests"
  | "too_many_streams"
  | "internal";

/** `{"error":{"code","message"}}`, the shape of every error. */
export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** @param message See {@linkcode errorResponse}. */
export function errorBody(code: ErrorCode, message: string): ErrorBody {
  return { error: { code, message } };
}

/**
 * @param status HTTP status.
 * @param message For people; says what was wrong and, where that is known, what was probably meant.
 */
export function errorResponse(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(errorBody(code, message), { status, headers });
}
