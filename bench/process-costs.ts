import { readFileSync } from 'node:fs';

/** What the kernel says of a process: resident now, or at its most. */
export function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

/** What belongs to a process alone, and its share of all that it has mapped: what another one of the same program costs. */
export function ownBytes(pid: number): { readonly private: number; readonly proportional: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return {
    private: bytes('Private_Clean') + bytes('Private_Dirty'),
    proportional: bytes('Pss'),
  };
}

/** What a process has worked since its start. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
