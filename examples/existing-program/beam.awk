# A cantilever of 5 cm x 5 cm with a force at its end: how far it gives way in mm, its stress in MPa, and whether it holds.
BEGIN {
  I = 0.05 ^ 4 / 12
  stress = F * L * 0.025 / I
  printf "{\"deflection\": %.6g, \"stress\": %.6g, \"holds\": %s}\n", \
    1000 * F * L ^ 3 / (3 * E * I), stress / 1e6, (stress < limit) ? "true" : "false"
}
