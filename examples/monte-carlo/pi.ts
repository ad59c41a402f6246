/** Points thrown into the unit square; those within the quarter circle estimate pi. */
import type { Compute } from 'ttg';

export const compute: Compute<{ points: number; repetition: number }> = ({ points }, { random }) => {
  let inside = 0;
  for (let i = 0; i < points; i++) {
    const [x, y] = [random(), random()];
    if (x * x + y * y <= 1) inside++;
  }
  const pi = (4 * inside) / points;
  return { pi, off: Math.abs(pi - Math.PI) };
};
