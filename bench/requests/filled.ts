/** Bodies that are filled up to a size. */

/** A piece over and over, of which the n-th may differ, between a beginning and an end: no larger than so many bytes. */
export function filled(
  size: number,
  [start, piece, end]: readonly [start: string, piece: string | ((index: number) => string), end: string],
  most = Infinity,
): Buffer {
  const pieceOf = typeof piece === 'string' ? () => piece : piece;
  const pieces = [start];
  let left = size - Buffer.byteLength(start) - Buffer.byteLength(end);
  for (let index = 0; index < most; index += 1) {
    const next = pieceOf(index);
    left -= Buffer.byteLength(next);
    if (left < 0) break;
    pieces.push(next);
  }
  return Buffer.from(pieces.join('') + end);
}
