"""Runs one peer engine for `deno task bench --peers`: a JSON request a line in, a reply a line out.

    python3 worker.py torch

Requests, and what is replied; any of them may be answered with {"error": text}:

    {"do": "open", "device": "cpu", "threads": 2}    {"version": "2.5.1", "device": "cpu"}
    {"do": "load", "folder": DIR, "layer": {...}}    {}         out.npy lies in the folder
    {"do": "run", "times": 3}                        {"ms": 1.5}         of all of them together

Only the peer itself is imported, and only on "open": without it, this needs nothing but Python.
"""

import importlib
import json
import os
import sys
import time


class Worker:
    """Answers requests with a peer: a module or object with `open_peer`, `sync` and `Layer`."""

    def __init__(self, find_peer):
        self.find_peer = find_peer
        self.peer = None
        self.layer = None
        self.turn = 0

    def answer(self, request):
        """The reply to a request; raises what the peer raises."""
        do = request["do"]
        if do == "open":
            self.peer = self.find_peer()
            version, device = self.peer.open_peer(request["device"], request["threads"])
            return {"version": version, "device": device}
        if do == "load":
            self.layer = None  # Its memory is free before the next one is made.
            self.layer = self.peer.Layer(request["folder"], request["layer"])
            self.layer.write(self.layer.run(0), request["folder"])
            return {}
        if do == "run":
            return {"ms": self.timed(request["times"])}
        raise ValueError(f"unknown request {do!r}")

    def timed(self, times):
        """Milliseconds that so many runs take, each on the next copy of the features."""
        self.peer.sync()
        start = time.perf_counter()
        for _ in range(times):
            self.layer.run(self.turn)
            self.turn += 1
        self.peer.sync()
        return (time.perf_counter() - start) * 1e3


def serve(find_peer):
    """Answers until standard input ends. What the peer prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # One buffer: what is said last is also written last.
    worker = Worker(find_peer)
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except Exception as error:  # Whatever a peer does not like is a reason in a cell.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    serve(lambda: importlib.import_module("peer_" + sys.argv[1]))
