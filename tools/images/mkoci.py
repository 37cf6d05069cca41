#!/usr/bin/env python3
"""mkoci.py SPEC.json OUT.tar: writes several OCI images into one layout tar, for `ctr images import`.

SPEC: {"arch": "amd64", "images": [{"refs": [...], "layers": [DIR, ...], "config": {OCI image config}}]}
Prints one line an image name: `NAME<TAB>DIGEST`. The same input gives the same bytes: owners, times and order are
fixed, a layer that several images share is stored once.
"""
import hashlib
import io
import json
import os
import sys
import tarfile

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EPOCH = "1970-01-01T00:00:00Z"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def entries(root):
    """Every path below root, parents first, in byte order."""
    for folder, dirs, files in os.walk(root):
        dirs.sort()
        links = [d for d in dirs if os.path.islink(os.path.join(folder, d))]
        if folder != root:
            yield folder
        for name in sorted(files + links):
            yield os.path.join(folder, name)


def neutral(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def layer(root):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in entries(root):
            tar.add(path, arcname=os.path.relpath(path, root), recursive=False, filter=neutral)
    return buffer.getvalue()


class Layout:
    def __init__(self, arch):
        self.arch = arch
        self.blobs = {}
        self.layers = {}
        self.manifests = []

    def blob(self, media_type, data):
        name = digest(data)
        self.blobs[name] = data
        return {"mediaType": media_type, "digest": name, "size": len(data)}

    def layer(self, root):
        if root not in self.layers:
            self.layers[root] = self.blob("application/vnd.oci.image.layer.v1.tar", layer(root))
        return self.layers[root]

    def add(self, image):
        layers = [self.layer(root) for root in image["layers"]]
        config = {"WorkingDir": "/", **image["config"]}
        config["Env"] = [PATH] + config.get("Env", [])
        body = {
            "architecture": self.arch, "os": "linux", "created": EPOCH, "config": config,
            "rootfs": {"type": "layers", "diff_ids": [x["digest"] for x in layers]},
            "history": [{"created": EPOCH, "created_by": "mkoci"} for _ in layers],
        }
        manifest = self.blob("application/vnd.oci.image.manifest.v1+json", encode({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.blob("application/vnd.oci.image.config.v1+json", encode(body)),
            "layers": layers,
        }))
        for ref in image["refs"]:
            self.manifests.append({
                **manifest, "platform": {"architecture": self.arch, "os": "linux"},
                "annotations": {"io.containerd.image.name": ref,
                                "org.opencontainers.image.ref.name": ref.rsplit(":", 1)[1]},
            })

    def write(self, path):
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            def put(name, data):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(data), 0o644
                tar.addfile(info, io.BytesIO(data))
            put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            put("index.json", encode({"schemaVersion": 2, "manifests": self.manifests}))
            for name in sorted(self.blobs):
                put("blobs/sha256/" + name.removeprefix("sha256:"), self.blobs[name])


def encode(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def main():
    spec_path, out = sys.argv[1:]
    with open(spec_path) as file:
        spec = json.load(file)
    layout = Layout(spec["arch"])
    for image in spec["images"]:
        layout.add(image)
    layout.write(out)
    for manifest in layout.manifests:
        print(manifest["annotations"]["io.containerd.image.name"], manifest["digest"], sep="\t")


main()
