"""A line in, a line out: when a damped oscillator comes to rest within a minute, and its energy, by numpy."""
import json
import sys

import numpy

TIME = numpy.linspace(0, 60, 6001)


def oscillate(damping, frequency, start):
    position = start * numpy.exp(-damping * TIME) * numpy.cos(frequency * TIME)
    moving = numpy.nonzero(numpy.abs(position) > 0.01)[0]
    rest = 0 if moving.size == 0 else float(TIME[moving[-1]])
    # Rounded, since the last digits are not the same for every processor and version of numpy.
    return {
        "rest": None if rest == TIME[-1] else round(rest, 2),  # null: it still moves
        "energy": round(float(numpy.sum(position**2)) * 0.01, 6),
    }


for line in sys.stdin:
    task = json.loads(line)
    print(json.dumps({"index": task["index"], "value": oscillate(**task["parameter"])}), flush=True)
