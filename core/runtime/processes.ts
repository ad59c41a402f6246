/** Processes by their numbers. */

/** Whether a process of this machine has the number, whoever's it is; a zombie has it still. */
export function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
