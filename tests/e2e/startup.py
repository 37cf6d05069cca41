"""Prints how long a new cluster takes to be ready, and its resident memory when idle. Not a test: figures only."""
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from cluster import Cluster


def main():
    cluster = Cluster()
    context = ssl._create_unverified_context()
    begin = time.monotonic()
    cluster.start_process()
    try:
        while True:
            cluster.alive()
            try:
                urllib.request.urlopen(f"https://127.0.0.1:{cluster.port}/readyz", context=context, timeout=1).read()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        print(f"exec to /readyz ok: {time.monotonic() - begin:.2f} s")
        while " Ready" not in cluster.kubectl("get", "nodes", "--no-headers", check=False).stdout:
            time.sleep(0.02)
        print(f"exec to node Ready: {time.monotonic() - begin:.2f} s")
        time.sleep(10)
        with open(f"/proc/{cluster.process.pid}/status", encoding="utf-8") as status:
            print(next(line for line in status if line.startswith("VmRSS")).strip())
    finally:
        cluster.close()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.stderr) from error
