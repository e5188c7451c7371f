const UNITS: readonly (readonly [string, number])[] = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];

/** A span of time for people, in its two largest units: `12s`, `2m 13s`, `3h 0m`, `12d 4h`. */
export function spokenDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first === -1) return "0s";
  return UNITS.slice(first, first + 2).map(([unit, size], index) => {
    const larger = index === 0 ? Infinity : UNITS[first]?.[1] ?? Infinity;
    return `${Math.floor((whole % larger) / size)}${unit}`;
  }).join(" ");
}
