import type { Finding } from '../../contract/backend.ts';

/**
 * File systems on which a file of jobs is not what it seems, by the number that Linux has for each (statfs(2), and the
 * kernel's magic.h).
 */
const NETWORK = new Map([
  [0x0000_6969, 'NFS'],
  [0x0000_517b, 'SMB'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB 2'],
  [0x00c3_6400, 'Ceph'],
  [0x5346_414f, 'AFS'],
  [0x0bd0_0bd0, 'Lustre'],
  [0x4750_4653, 'GPFS'],
]);

const PASSED_THROUGH = new Map([
  [0x0102_1997, '9p'],
  [0x6573_5546, 'FUSE'],
  [0x786f_4256, 'VirtualBox shared folder'],
]);

const IN_MEMORY = new Map([
  [0x0102_1994, 'tmpfs'],
  [0x8584_58f6, 'ramfs'],
]);

const OVERLAY = 0x794c_7630;

/** @param type as statfs tells it on Linux */
export function fileSystemFinding(type: number): Finding {
  const topic = 'file system';
  // Some machines tell it with a sign.
  const magic = type >>> 0;
  const network = NETWORK.get(magic);
  if (network !== undefined) {
    const means = 'its locks cannot be relied on: two machines may write at once, and damage the file';
    const change = 'put the file on a disk of this machine; for several machines use Redis';
    return { level: 'fail', topic, found: `${network}, over a network`, means, change };
  }
  const passed = PASSED_THROUGH.get(magic);
  if (passed !== undefined) {
    const means = 'what is behind it cannot be told: its locks, and its writes to the disk, may not be real';
    const change = 'put the file on a disk of this machine, unless you know what is behind it';
    return { level: 'warn', topic, found: passed, means, change };
  }
  const memory = IN_MEMORY.get(magic);
  if (memory !== undefined) {
    const means = 'every job is lost when the machine stops';
    return { level: 'fail', topic, found: `${memory}, in memory`, means, change: 'put the file on a disk' };
  }
  if (magic === OVERLAY) {
    const means = 'in a container, every job is lost when the container is removed';
    return { level: 'warn', topic, found: 'overlay', means, change: 'put the file on a volume' };
  }
  return { level: 'ok', topic, found: 'on this machine', means: 'locks hold, and what is written stays' };
}
