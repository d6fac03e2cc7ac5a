"""Two hosts, as network namespaces with a line of 1 Gbit/s between them, the only way from rank to rank."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("same_losses.py")
MPIRUN = Path(sys.executable).with_name("mpirun")
SET_UP = """
ip netns add pynna && ip netns add pynnb
ip link add pynna netns pynna type veth peer name pynnb netns pynnb
ip -n pynna addr add 10.99.0.1/24 dev pynna && ip -n pynnb addr add 10.99.0.2/24 dev pynnb
for host in pynna pynnb; do
  ip -n $host link set lo up && ip -n $host link set $host up
  ip netns exec $host tc qdisc add dev $host root tbf rate 1gbit burst 64kb latency 50ms
done
for host in pynna pynnb; do  # a second later
  until ip -n $host link show dev $host | grep -q 'state UP'; do sleep 0.05; done
done
"""
LOGIN = """#!/bin/sh
# called as ssh is: [-x] host command...
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
export UCX_NET_DEVICES=$host
exec ip netns exec $host unshare --uts sh -c "hostname $host; $*"
"""


@pytest.fixture
def hosts(tmp_path):
    """The arguments of mpirun, and the variables, that start a rank on each."""
    if os.geteuid() or not all(map(shutil.which, ("ip", "tc", "unshare"))):
        pytest.skip("network namespaces take root's rights, and iproute2")
    made = subprocess.run(["sh", "-ec", SET_UP], capture_output=True, text=True)
    try:
        if made.returncode:
            pytest.skip(f"there are no network namespaces: {made.stderr}")
        login = tmp_path / "login"
        login.write_text(LOGIN)
        login.chmod(0o700)
        start = ["ip", "netns", "exec", "pynna", MPIRUN, "-launcher", "ssh", "-launcher-exec", login]
        # over TCP alone: MPI may see that they share a memory
        yield [*start, "-hosts", "pynna,pynnb", "-iface", "pynna", "-n", "2"], os.environ | {"UCX_TLS": "tcp,self"}
    finally:
        for host in "pynna", "pynnb":
            subprocess.run(["ip", "netns", "del", host], capture_output=True)


def test_two_hosts_find_what_one_finds(hosts, tmp_path):
    start, environment = hosts
    cases = ["dropout", "outputs"]
    program = [sys.executable, "-P", str(PROGRAM)]
    subprocess.run([*program, tmp_path / "1.json", *cases], check=True)
    subprocess.run([*start, *program, tmp_path / "2.json", *cases], check=True, env=environment, timeout=60)
    alone, both = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (1, 2))
    for name in cases:
        np.testing.assert_allclose(both[name]["batches"], alone[name]["batches"], rtol=1e-5)
    sent = json.loads(subprocess.check_output(["ip", "-n", "pynna", "-s", "-j", "link", "show", "pynna"]))
    assert sent[0]["stats64"]["tx"]["bytes"] > 50_000  # through the line
