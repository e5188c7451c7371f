/** CPU time and memory of processes, as Linux tells them in /proc. */

/** CPU time of one process so far. */
export interface ProcessTime {
  /** All threads that ever lived, in seconds; counted in ticks of 10 ms. */
  readonly ticked: number;
  /** Each living thread by id, in seconds, exact to the nanosecond; empty where the kernel keeps no scheduler statistics. */
  readonly threads: ReadonlyMap<string, number>;
}

/** `USER_HZ`, the unit of times in /proc: the same on every architecture Linux runs Deno on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** CPU seconds, user and system, from the text of /proc/PID/stat. */
export function parseProcessTime(stat: string): number {
  const [user, system] = fieldsAfterName(stat).slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/** Process id of the parent, from the text of /proc/PID/stat. */
export function parseParent(stat: string): number {
  return Number(fieldsAfterName(stat)[1]);
}

/** CPU seconds from the text of /proc/PID/task/TID/schedstat. */
export function parseThreadTime(schedstat: string): number {
  return Number(schedstat.split(" ")[0]) / 1e9;
}

/** Seconds that all CPUs together did not idle, from the text of /proc/stat. */
export function parseBusyTime(stat: string): number {
  const [user, nice, system, _idle, _iowait, irq, softirq, steal] = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(" ") ?? [];
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks ?? 0), 0) /
    TICKS_PER_SECOND;
}

/** Resident bytes from the text of /proc/PID/status. */
export function parseResidentBytes(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
}

/** How many files a process may hold open at most, from the text of /proc/PID/limits. */
export function parseOpenFileLimit(limits: string): number {
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  return hard === "unlimited" ? Infinity : Number(hard ?? 0);
}

/** The CPUs of a list such as `0-3,8`. */
export function parseCpuList(list: string): readonly number[] {
  return list.trim().split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").filter((text) => text !== "").map(Number);
    return first === undefined || last === undefined
      ? []
      : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/**
 * CPU seconds between two readings. The threads' exact times are taken, unless a thread of the first reading has ended since: then
 * its share is only in the ticks.
 */
export function cpuBetween(before: ProcessTime, after: ProcessTime): number {
  if (after.threads.size === 0) return after.ticked - before.ticked;
  for (const thread of before.threads.keys()) {
    if (!after.threads.has(thread)) return after.ticked - before.ticked;
  }
  let seconds = 0;
  for (const [thread, time] of after.threads) seconds += time - (before.threads.get(thread) ?? 0);
  return seconds;
}

/** CPU time of a process so far; zero for one that has ended. */
export function readProcessTime(pid: number): ProcessTime {
  const stat = readOptional(`/proc/${pid}/stat`);
  if (stat === undefined) return { ticked: 0, threads: new Map() };
  const threads = new Map<string, number>();
  for (const thread of listOptional(`/proc/${pid}/task`)) {
    const schedstat = readOptional(`/proc/${pid}/task/${thread}/schedstat`);
    if (schedstat !== undefined) threads.set(thread, parseThreadTime(schedstat));
  }
  return { ticked: parseProcessTime(stat), threads };
}

/** Seconds that all CPUs together did not idle so far. */
export function readBusyTime(): number {
  return parseBusyTime(Deno.readTextFileSync("/proc/stat"));
}

/** Resident bytes of some processes together; what they share counts once for each. */
export function readResidentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseResidentBytes(readOptional(`/proc/${pid}/status`) ?? ""), 0);
}

/** How many files this process, and those it starts, may hold open at most. */
export function readOpenFileLimit(): number {
  return parseOpenFileLimit(Deno.readTextFileSync("/proc/self/limits"));
}

/** The CPUs this process may run on. */
export function readAllowedCpus(): readonly number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
  return parseCpuList(list ?? "");
}

/** The process `root` and all its descendants that live now. */
export function readProcessTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const entry of listOptional("/proc")) {
    const stat = /^\d+$/.test(entry) ? readOptional(`/proc/${entry}/stat`) : undefined;
    if (stat === undefined) continue;
    const parent = parseParent(stat);
    children.set(parent, [...children.get(parent) ?? [], Number(entry)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...children.get(pid) ?? []);
  return tree;
}

/** Processes that live now and name `text` on their command line. */
export function findProcesses(text: string): readonly number[] {
  return listOptional("/proc")
    .filter((entry) => /^\d+$/.test(entry) && readOptional(`/proc/${entry}/cmdline`)?.includes(text) === true)
    .map(Number);
}

/** Whether a process lives; one that has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  const stat = readOptional(`/proc/${pid}/stat`);
  return stat !== undefined && fieldsAfterName(stat)[0] !== "Z";
}

/** The name stands in parentheses and may contain spaces and parentheses itself. */
function fieldsAfterName(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function listOptional(directory: string): readonly string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name);
  } catch {
    return [];
  }
}

/** A process may end between two looks: its files are gone then, or tell that there is no such process. */
function readOptional(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
