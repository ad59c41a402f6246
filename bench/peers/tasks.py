"""Celery and RQ with empty tasks. `celery add N`, `rq add N`, `celery wait N` or `rq wait N` print their figures as JSON."""
import json
import os
import sys
import time

URL = os.environ["REDIS_URL"]
BROKER = os.environ.get("BROKER_URL", URL)


def nothing(start=0, end=0):
    return None


try:
    from celery import Celery

    app = Celery("tasks", broker=BROKER)
    app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=50, task_acks_late=True, worker_hijack_root_logger=False)

    @app.task(name="count")
    def count(i):
        if i in (0, int(os.environ.get("LAST", "-1"))):
            import redis

            redis.Redis.from_url(URL).rpush("bench:celery", time.time())
except ImportError:
    app = None


def rq_mark():
    import redis

    redis.Redis.from_url(URL).rpush("bench:rq", time.time())


def main():
    kind, n = sys.argv[1], int(sys.argv[2])
    started = time.time()
    if kind == "celery":
        with app.connection_for_write() as connection, app.amqp.producer_pool.acquire(block=True):
            for i in range(n):
                count.apply_async((i,))
    else:
        import redis
        from rq import Queue

        queue = Queue(connection=redis.Redis.from_url(URL))
        for i in range(n):
            queue.enqueue(rq_mark if i in (0, n - 1) else nothing, result_ttl=0)
    print(json.dumps({"rate": n / (time.time() - started)}))


if __name__ == "__main__":
    main()
