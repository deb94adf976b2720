import type { Resources } from './resources.ts';

const gib = 2 ** 30;

/** Four decimals, as AWS quotes; more where they are needed. */
export function priceText(pricePerHour: number): string {
  return pricePerHour >= 0.001 ? pricePerHour.toFixed(4) : pricePerHour.toPrecision(3);
}

export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || percent === 0 ? percent.toFixed(0) : percent.toPrecision(2)} %`;
}

export function hazardText(perHour: number): string {
  return `${inThousandHours(perHour)} interruptions in 1,000 node-hours`;
}

export function inThousandHours(perHour: number): string {
  const interruptions = perHour * 1000;
  return interruptions >= 10 ? interruptions.toFixed(0) : String(Number(interruptions.toPrecision(2)));
}

export function amountText({ cpuMilli, memoryBytes, gpus }: Resources, times: number): string {
  const memory = `${rounded((memoryBytes * times) / gib)} GiB`;
  const parts = [`${rounded((cpuMilli * times) / 1000)} vCPU`, memory];
  if (gpus > 0) parts.push(`${rounded(gpus * times)} GPU`);
  return parts.join(', ');
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function nodesText(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
