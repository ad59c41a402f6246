/** Where `run.reuse` looks on this machine, beside the log of the run's own broker: the folders of other runs. */
import { join } from 'node:path';
import { namesOf, runFolderAt, runFoldersIn } from '../../core/broker/embedded/run-folder.js';
import type { Config } from '../../core/runtime/config.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { fetchingFrom } from '../../core/store/read-values.js';
import { storesOfFolder } from '../../core/store/of-folder.js';
import type { ElsewhereRuns } from '../../seeder/reuse.js';

/** @param dir holds the folders of runs: `--dir` */
export function earlierRuns(dir: string, config: Config, stop: AbortSignal): ElsewhereRuns {
  return {
    find: (runId) => {
      const folder = runFolderAt(join(dir, runId));
      if (!folder?.hasLog) return undefined;
      const holder = folder.holder();
      if (holder !== undefined)
        throw new ConfigError(
          `run.reuse: ${runId} is at work still, in ${holder} (${folder.path}): wait until it ends, or end it by Ctrl-C and ` +
            'take what it has by then. Nothing was published',
        );
      return {
        runId: folder.runId,
        records: () => folder.records(),
        fetchValues: fetchingFrom(storesOfFolder(folder.meta, config, { stop })),
      };
    },
    missing: (runId) => {
      const folder = runFolderAt(join(dir, runId));
      if (folder)
        return (
          `run.reuse: the log of ${runId} is not in its folder, but with --backend ${folder.meta.backend ?? 'unknown'}: ` +
          'start this run on the same broker, or leave it out'
        );
      return (
        `run.reuse: there is no run ${runId} in ${dir} (it holds ${namesOf(runFoldersIn(dir))}), and the log of this run's ` +
        'broker has none. Name one of them, or another folder of runs by --dir, or leave it out'
      );
    },
  };
}
