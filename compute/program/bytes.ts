/** Sizes as people read them. */

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const kib = bytes / 1024;
  if (kib < 1024) return `${round(kib)} KiB`;
  return kib < 1024 * 1024 ? `${round(kib / 1024)} MiB` : `${round(kib / 1024 / 1024)} GiB`;
}

function round(number: number): number {
  return number < 10 ? Math.round(number * 10) / 10 : Math.round(number);
}
