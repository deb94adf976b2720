/** Amounts of what a node has or a pod asks for. CPU in thousandths of a core, memory in bytes; all at least 0. */
export interface Resources {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** GPUs and other accelerators, summed over the known extended resources. */
  readonly gpus: number;
}
