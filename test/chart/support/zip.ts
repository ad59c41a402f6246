/** One file of a zip archive, by Node's own zlib: a fresh machine need not have the program unzip. */
import { crc32, inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;

/** @throws Error where the archive has no such file, or its bytes are not the ones that were packed */
export function readZipEntry(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(signature(END_OF_DIRECTORY));
  if (end < 0) throw new Error('this is no zip archive: it has no directory');
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let n = 0; n < count && zip.readUInt32LE(at) === DIRECTORY_ENTRY; n++) {
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    if (zip.toString('utf8', at + 46, nameEnd) === name) return unpack(zip, at, name);
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the zip archive has no file ${name}`);
}

/** @param at where the directory describes the file */
function unpack(zip: Buffer, at: number, name: string): Buffer {
  const method = zip.readUInt16LE(at + 10);
  const local = zip.readUInt32LE(at + 42);
  if (zip.readUInt32LE(local) !== LOCAL_ENTRY) throw new Error(`the zip archive is damaged: ${name} is not at its place`);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
  if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}; only 0 and 8 can be read`);
  const bytes = method === 8 ? inflateRawSync(packed) : packed;
  if (crc32(bytes) !== zip.readUInt32LE(at + 16)) throw new Error(`the zip archive is damaged: ${name} has another checksum`);
  return bytes;
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
