/** Whether `bytes` begin with `signature`: they do, they may once more bytes are there, or they do not. */
export function beginsWith(bytes: Uint8Array, signature: readonly number[]): "yes" | "more" | "no" {
  const length = Math.min(bytes.length, signature.length);
  for (let index = 0; index < length; index++) if (bytes[index] !== signature[index]) return "no";
  return length === signature.length ? "yes" : "more";
}
