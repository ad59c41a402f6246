"""A line in, a line out: the amplitude of a damped oscillator over a minute, by numpy."""
import json
import sys

import numpy

TIME = numpy.linspace(0, 60, 6001)


def settle(damping, frequency, start):
    position = start * numpy.exp(-damping * TIME) * numpy.cos(frequency * TIME)
    moving = numpy.nonzero(numpy.abs(position) > 0.01)[0]
    return {
        "rest": round(float(TIME[moving[-1]]), 2) if moving.size else 0,
        "energy": round(float(numpy.sum(position**2)) * 0.01, 9),
    }


for line in sys.stdin:
    task = json.loads(line)
    print(json.dumps({"index": task["index"], "value": settle(**task["parameter"])}), flush=True)
