/** Hues of the patient stripe: away from the red and amber that mean urgency. */
const HUES = [150, 168, 186, 200, 214, 228, 244, 260, 276, 292, 308, 324] as const;

/** The colour that accompanies one patient everywhere: the same for the same patient, and for nothing else. */
export function patientColour(patientId: string): string {
  let hash = 2_166_136_261;
  for (const letter of patientId) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619);
  const spread = hash >>> 0;
  const hue = HUES[spread % HUES.length] ?? HUES[0];
  const lightness = 48 + ((spread >>> 8) % 3) * 9;
  return `hsl(${hue} 52% ${lightness}%)`;
}
