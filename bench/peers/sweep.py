"""The same grid by what Python users reach for, each as its manual shows it for many small parameters.

sweep.py KIND N PROCESSES: the first N parameters; prints one JSON line of figures. Start-up is not counted.
"""

import itertools
import json
import os
import sys
import time

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


def axes():
    """40 x 39 x 26 x 77 = 3,123,120: see bench/sweep/grid.mjs."""
    return (
        [i / 39 for i in range(40)],
        range(1, 40),
        range(1, 27),
        range(1, 78),
    )


def grid(n):
    return itertools.islice(itertools.product(*axes()), n)


def compute(alpha, beta, k, seed):
    return alpha * k + beta * seed


def compute_tuple(parameter):
    return compute(*parameter)


def with_joblib(n, processes):
    import joblib

    started = time.perf_counter()
    results = joblib.Parallel(n_jobs=processes, return_as="generator")(
        joblib.delayed(compute)(*parameter) for parameter in grid(n)
    )
    return joblib.__version__, started, results


def with_multiprocessing(n, processes):
    import multiprocessing

    pool = multiprocessing.Pool(processes)
    started = time.perf_counter()
    results = pool.imap_unordered(compute_tuple, grid(n), chunksize=1000)
    return sys.version.split()[0], started, results


def with_dask(n, processes):
    import distributed

    client = distributed.Client(
        n_workers=processes, threads_per_worker=1, dashboard_address=None
    )
    started = time.perf_counter()
    futures = client.map(compute_tuple, list(grid(n)), pure=False)
    return distributed.__version__, started, client.gather(futures)


def with_ray(n, processes):
    import ray

    ray.init(
        num_cpus=processes,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    remote = ray.remote(compute)
    ray.get(remote.remote(0.0, 1, 1, 1))
    started = time.perf_counter()
    references = [remote.remote(*parameter) for parameter in grid(n)]
    return ray.__version__, started, ray.get(references)


KINDS = {
    "joblib": with_joblib,
    "multiprocessing": with_multiprocessing,
    "dask": with_dask,
    "ray": with_ray,
}

if __name__ == "__main__":
    kind, n, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    version, started, results = KINDS[kind](n, processes)
    total, count, first = 0.0, 0, None
    for value in results:
        if first is None:
            first = time.perf_counter() - started
        total += value
        count += 1
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "count": count,
                "sum": total,
                "seconds": seconds,
                "first": first,
                "version": version,
            }
        ),
        flush=True,
    )
    # Their clusters take their time to leave; what was measured is over.
    os._exit(0)
