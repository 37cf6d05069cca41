"""A client that lists and watches as client libraries do: it goes on from its resourceVersion when a connection breaks."""
import base64
import http.client
import json
import os
import ssl
import threading
import time


class ApiClient:
    """HTTPS with the admin's certificate from a kubeconfig (as `kubectl config view --raw -o json` prints it)."""

    def __init__(self, kubeconfig, folder):
        config = json.loads(kubeconfig)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.address = cluster["server"].removeprefix("https://")
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        pair = os.path.join(folder, "watcher.pem")
        with open(pair, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            for part in ("client-certificate-data", "client-key-data"):
                f.write(base64.b64decode(user[part]) + b"\n")
        self.context.load_cert_chain(pair)

    def open(self, path, timeout):
        connection = http.client.HTTPSConnection(self.address, context=self.context, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def get(self, path):
        connection, response = self.open(path, timeout=10)
        try:
            body = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(body["message"])
        return body


class Watch(threading.Thread):
    """Keeps the objects of a path, and every state they have been in. `seen` is called with (type, object) of each event."""

    def __init__(self, client, path, seen=lambda kind, thing: None):
        super().__init__(daemon=True)
        self.client = client
        self.path = path
        self.seen = seen
        listed = client.get(path)
        self.version = listed["metadata"]["resourceVersion"]
        self.objects = {item["metadata"]["uid"]: item for item in listed["items"]}
        self.events = []
        self.connections = 0
        self.error = None
        self.ended = False
        self.start()

    def run(self):
        while not self.ended and self.error is None:
            try:
                self.follow()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.1)  # the server is away: again, from where we were

    def follow(self):
        connection, response = self.client.open(f"{self.path}?watch=1&allowWatchBookmarks=1&resourceVersion={self.version}", timeout=1)
        try:
            if response.status != 200:
                self.error = json.loads(response.read())
                return
            self.connections += 1
            while not self.ended:
                try:
                    line = response.readline()
                except TimeoutError:
                    return  # quiet: a new connection, so that an end of the test is noticed
                if not line:
                    return
                self.take(json.loads(line))
        finally:
            connection.close()

    def take(self, event):
        thing = event["object"]
        if event["type"] == "ERROR":
            self.error = thing
            return
        self.version = thing["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        self.events.append((event["type"], thing))
        uid = thing["metadata"]["uid"]
        if event["type"] == "DELETED":
            self.objects.pop(uid, None)
        else:
            self.objects[uid] = thing
        self.seen(event["type"], thing)

    def end(self):
        self.ended = True
        self.join(timeout=10)
