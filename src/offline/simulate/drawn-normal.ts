/** Box and Muller's way from two even numbers to a normal one. */
export function drawnNormal(chance: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}
