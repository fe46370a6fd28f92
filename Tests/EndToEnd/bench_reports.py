"""Reports of the driver benchmark that nobody measured, as its files are."""
import random
import statistics

WORKLOADS = [
    ("container/1-layers", "containers", ("container", "layers", 1)),
    ("container/127-layers", "containers", ("container", "layers", 127)),
    ("small/read/lower", "reads", None),
    ("copy-up/4KiB", "writes", ("copy-up", "bytes", 4096)),
    ("copy-up/256MiB", "writes", ("copy-up", "bytes", 256 << 20)),
    ("fsync", "writes", None),
]
TAKES = {"plain": 1.0, "overlay2": 1.5, "vfs": 4.0}


def measurement(workload, target, values):
    ordered = sorted(values)
    summary = {
        "median": statistics.median(values), "low": ordered[1], "high": ordered[-2], "least": ordered[0], "count": len(values),
        "outliers": [],
    }
    samples = [{"value": value, "processor": value / 2, "calls": 12.0} for value in values]
    return {"workload": workload, "target": target, "samples": samples, "summary": summary}


def report(seed, slower=(), factor=1.0):
    """As JSON takes it; `slower` names workloads in which overlay2 takes `factor` times as long."""
    chance = random.Random(seed)
    results = []
    for number, (workload, _, _) in enumerate(WORKLOADS, 1):
        for target, takes in TAKES.items():
            times = factor if target == "overlay2" and workload in slower else 1
            results.append(measurement(workload, target, [number * 1e-3 * takes * times * chance.gauss(1, 0.02) for _ in range(9)]))
    return {
        "format": 1, "command": ["varve", "driver", "bench"], "started": "2026-11-23T01:02:03Z", "seconds": 60.0, "ending": "finished",
        "plan": {"scale": "quick", "budget": 60.0, "rounds": 9, "seed": 1},
        "host": {
            "kernel": "6.1.0", "architecture": "x86_64", "processor": "Made Up 9000", "processors": 2, "memory": 4 << 30,
            "isVirtual": True, "load": "0.1", "version": "0.1.0", "programs": {"fio": "fio-3.33"},
        },
        "noise": {"processor": 0.01, "disk": 0.1, "stolen": 0.0, "count": 18},
        "problems": [],
        "targets": [
            {
                "id": name, "kind": "plain" if name == "plain" else "driver", "name": name, "options": [], "place": "/mnt/made",
                "fileSystem": "ext4", "mountOptions": "rw", "device": "/dev/vda", "status": [],
            } | ({} if name == "plain" else {"baseline": "plain"})
            for name in TAKES
        ],
        "workloads": [
            {"id": name, "title": f"what {name} takes", "group": group, "standsFor": "life", "source": "a test", "unit": "seconds"}
            | ({"point": dict(zip(("curve", "axis", "x"), point))} if point else {})
            for name, group, point in WORKLOADS
        ],
        "results": results,
    }
