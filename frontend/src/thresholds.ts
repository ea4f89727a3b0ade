/** The thresholds that were set for these classes, in this browser. */

interface Kept {
  thresholds?: Record<string, number>;
  tolerance_ms?: number;
}

const memoryOf = (classes: string[]): string => `spotkick.thresholds.${classes.join("|").slice(0, 500)}`;

export function keptThresholds(classes: string[]): { values: Map<string, number>; tolerance_ms: number | null } {
  const stored = JSON.parse(localStorage.getItem(memoryOf(classes)) ?? "{}") as Kept;
  return { values: new Map(classes.map((name) => [name, stored.thresholds?.[name] ?? 0.5])), tolerance_ms: stored.tolerance_ms ?? null };
}

export function keepThresholds(classes: string[], values: Map<string, number>, tolerance_ms: number): void {
  const kept: Kept = { thresholds: Object.fromEntries(values), tolerance_ms };
  localStorage.setItem(memoryOf(classes), JSON.stringify(kept));
}
