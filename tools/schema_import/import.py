#!/usr/bin/env python3
"""Made api/**/*.proto and api/resources.textproto once from a folder of Kubernetes facts.

The outputs are committed and are the source of truth from then on; this script remains to show where they came from
and to compare with the facts of a later release.

usage: import.py FACTS_DIR API_DIR
"""
import json
import os
import re
import sys

WIDTH = 110

GROUPS = {  # of packages whose types carry no group/version/kind in the facts
    "k8s.io/metrics/pkg/apis/metrics/v1alpha1": ("metrics.k8s.io", "v1alpha1"),
    "k8s.io/metrics/pkg/apis/metrics/v1beta1": ("metrics.k8s.io", "v1beta1"),
    "k8s.io/metrics/pkg/apis/custom_metrics/v1beta1": ("custom.metrics.k8s.io", "v1beta1"),
    "k8s.io/metrics/pkg/apis/custom_metrics/v1beta2": ("custom.metrics.k8s.io", "v1beta2"),
    "k8s.io/metrics/pkg/apis/external_metrics/v1beta1": ("external.metrics.k8s.io", "v1beta1"),
    "k8s.io/apiserver/pkg/apis/audit/v1": ("audit.k8s.io", "v1"),
    "k8s.io/apiserver/pkg/apis/audit/v1beta1": ("audit.k8s.io", "v1beta1"),
    "k8s.io/apiserver/pkg/apis/audit/v1alpha1": ("audit.k8s.io", "v1alpha1"),
    "k8s.io/apimachinery/pkg/apis/meta/v1": ("", "v1"),
    "k8s.io/apimachinery/pkg/apis/meta/v1beta1": ("meta.k8s.io", "v1beta1"),
}
GROUP_SUFFIX = {  # k8s.io/api/<dir> -> API group, where it is not the plain name
    "core": "", "apps": "apps", "batch": "batch", "autoscaling": "autoscaling", "policy": "policy",
    "extensions": "extensions", "rbac": "rbac.authorization.k8s.io", "flowcontrol": "flowcontrol.apiserver.k8s.io",
    "apiserverinternal": "internal.apiserver.k8s.io",
}
SCALARS = {
    "k8s.io.apimachinery.pkg.api.resource.Quantity": "Quantity",
    "k8s.io.apimachinery.pkg.apis.meta.v1.Time": "Time",
    "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime": "MicroTime",
    "k8s.io.apimachinery.pkg.apis.meta.v1.Duration": "Duration",
    "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1": "FieldsV1",
    "k8s.io.apimachinery.pkg.apis.meta.v1.RawJSON": "Json",
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": "IntOrString",
    "k8s.io.apimachinery.pkg.runtime.RawExtension": "RawExtension",
    "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON": "Json",
    "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1beta1.JSON": "Json",
}
ALIAS_ONLY = {"k8s.io.apimachinery.pkg.api.resource.QuantityValue"}
ANY_GROUP = {"CreateOptions", "DeleteOptions", "ExportOptions", "GetOptions", "ListOptions", "PatchOptions",
             "UpdateOptions", "WatchEvent"}
META_KINDS = {
    "PartialObjectMetadata": [("meta.k8s.io", "v1"), ("meta.k8s.io", "v1beta1")],
    "PartialObjectMetadataList": [("meta.k8s.io", "v1")],
    "Table": [("meta.k8s.io", "v1"), ("meta.k8s.io", "v1beta1")],
    "TableOptions": [("meta.k8s.io", "v1"), ("meta.k8s.io", "v1beta1")],
    "ApplyOptions": [("meta.k8s.io", "v1")],
}
FORMS = {"JSONSchemaPropsOrArray": "SchemaOrArray", "JSONSchemaPropsOrBool": "SchemaOrBool",
         "JSONSchemaPropsOrStringArray": "SchemaOrStrings"}
LIST_MESSAGES = {"ExtraValue", "Verbs"}
# What the facts do not tell, from the Go sources.
POINTERS = {("JSONSchemaPropsOrArray", "schema"), ("JSONSchemaPropsOrBool", "schema"),
            ("JSONSchemaPropsOrStringArray", "schema")}
INFO_ORDER = ["major", "minor", "emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor",
              "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"]

# Types the facts know from Go or OpenAPI only.
JSON_ONLY = {
    "k8s.io/apimachinery/pkg/apis/meta/v1": ["Table", "TableColumnDefinition", "TableRow", "TableRowCondition"],
    "k8s.io/apimachinery/pkg/version": ["Info"],
}
JSON_ONLY_TYPES = {
    "Table": {"metadata": "ListMeta", "columnDefinitions": "repeated TableColumnDefinition", "rows": "repeated TableRow"},
    "TableRow": {"cells": "repeated RawJSON", "conditions": "repeated TableRowCondition",
                 "object": ".k8s.io.apimachinery.pkg.runtime.RawExtension"},
    "TableColumnDefinition": {"priority": "int32"},
}


class Message:
    def __init__(self, name):
        self.name, self.fields, self.reserved = name, [], []


def parse_proto(path):
    package, imports, messages, current = "", [], [], None
    for line in open(path):
        line = line.strip()
        if m := re.match(r"package (\S+);", line):
            package = m[1]
        elif m := re.match(r'import "(\S+)";', line):
            imports.append(m[1])
        elif m := re.match(r"message (\w+) \{(\})?", line):
            current = Message(m[1])
            messages.append(current)
        elif line.startswith("reserved"):
            current.reserved.append(line)
        elif m := re.match(r"(optional |repeated |)(map<.*>|\S+) (\w+) = (\d+);", line):
            current.fields.append((m[1].strip(), m[2], m[3], int(m[4])))
        elif line and not re.match(r"syntax|option |\}|//", line):
            sys.exit(f"{path}: {line!r} not understood")
    return package, imports, messages


def alias_of(path):
    parts = path.split("/")
    if path == "k8s.io/apimachinery/pkg/runtime":
        return "runtime"
    if path == "k8s.io/apimachinery/pkg/version":
        return "version"
    if not re.match(r"v\d", parts[-1]):
        return parts[-1]
    return parts[-2].replace("_", "") + parts[-1]


def group_of(path, types):
    if path in GROUPS:
        return GROUPS[path]
    for t in types.values():
        for group, version, _ in t.get("gvk", []):
            if version == path.split("/")[-1]:
                return group, version
    parts = path.split("/")
    if path.startswith("k8s.io/api/"):
        return GROUP_SUFFIX.get(parts[2], parts[2] + ".k8s.io"), parts[3]
    if re.match(r"v\d", parts[-1]):
        return parts[-2] + ".k8s.io", parts[-1]
    return "", ""


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=True)


def options(pairs):
    return " ".join(f"{k}: {v if k == 'gvk' else text(v)}" for k, v in pairs)


def field_options(name, fact, embedded, in_json_only):
    out = []
    if embedded:
        return [("embedded", True)]
    go = fact.get("go")
    if go and go.startswith("*"):
        out.append(("pointer", True))
    for key in ("omitempty", "omitzero", "required"):
        if fact.get(key):
            out.append((key, True))
    if not go and fact.get("optional") and not fact.get("omitempty") and not in_json_only:
        out.append(("omitempty", True))
    if "default" in fact:
        out.append(("default", json.dumps(fact["default"])))
    if fact.get("enumType"):
        out.append(("enum_type", fact["enumType"]))
    if fact.get("enumClosed"):
        out.append(("enum_closed", True))
    for value in fact.get("enum") or fact.get("values") or []:
        out.append(("values", value))
    if fact.get("listType"):
        out.append(("list_type", fact["listType"]))
    for key in fact.get("listMapKeys", []):
        out.append(("map_keys", key))
    if fact.get("structType") or fact.get("mapType"):
        out.append(("map_type", fact.get("mapType") or fact["structType"]))
    if fact.get("patchStrategy"):
        out.append(("patch", fact["patchStrategy"]))
    if fact.get("patchMergeKey"):
        out.append(("merge_key", fact["patchMergeKey"]))
    for gate in fact.get("featureGates", []):
        out.append(("gates", gate))
    for marker in fact.get("markers", []):
        out.append(("markers", marker))
    return out


def type_options(full, name, fact, path, group):
    out = []
    inline = fact.get("inline", [])
    type_meta = any(i.endswith("meta.v1.TypeMeta") for i in inline)
    if full in SCALARS:
        return [("scalar", SCALARS[full])]
    if full in ALIAS_ONLY:
        return [("alias_only", True)]
    if full == "k8s.io.api.core.v1.List":  # in Go an alias of metav1.List
        type_meta = True
    is_meta = path == "k8s.io/apimachinery/pkg/apis/meta/v1"
    gvks = fact.get("gvk", [])
    if is_meta and name in META_KINDS:
        gvks = [(g, v, name) for g, v in META_KINDS[name]]
    elif is_meta and name in ANY_GROUP:
        gvks = [("", "v1", name)]
    elif is_meta and name == "List":
        gvks = []  # corev1.List
    elif not gvks and type_meta:
        gvks = [(*group, name)]
    for g, v, k in gvks:
        out.append(("gvk", "{" + (f'group: "{g}" ' if g else "") + f'version: "{v}" kind: "{k}"' + "}"))
    if is_meta and name in ANY_GROUP:
        out.append(("any_group", True))
    if type_meta:
        out.append(("type_meta", True))
    if name in FORMS:
        out.append(("form", FORMS[name]))
    if name in LIST_MESSAGES:
        out.append(("form", "List"))
    if full == "k8s.io.apimachinery.pkg.runtime.Unknown":
        out.append(("form", "RawJson"))
    if fact.get("mapType"):
        out.append(("map_type", fact["mapType"]))
    if fact.get("unions"):
        out.append(("unions", json.dumps(fact["unions"], separators=(",", ":"))))
    if path in JSON_ONLY and name in JSON_ONLY[path]:
        out.append(("json_only", True))
    return out


def write_field(out, label, kind, name, number, json_name, opts):
    head = f"  {label + ' ' if label else ''}{kind} {name} = {number}"
    brackets = []
    if json_name != name:
        brackets.append(f'json_name = "{json_name}"')
    if opts:
        brackets.append("(xebec.field) = {" + options(opts) + "}")
    if not brackets:
        out.append(head + ";")
        return
    line = f"{head} [{', '.join(brackets)}];"
    if len(line) <= WIDTH:
        out.append(line)
        return
    out.append(head + " [")
    if json_name != name:
        out.append(f'    json_name = "{json_name}",')
    out.append("    (xebec.field) = {")
    line = "     "
    for pair in opts:
        item = " " + options([pair])
        if len(line) + len(item) > WIDTH and line.strip():
            out.append(line)
            line = "     "
        line += item
    out.append(line)
    out.append("    }];")


def json_only_messages(path, types):
    messages = []
    for name in JSON_ONLY.get(path, []):
        fact = types[name]
        message = Message(name)
        number = 0
        keys = INFO_ORDER if name == "Info" else fact["fields"]
        for key in keys:
            field = fact["fields"][key]
            if field.get("from"):
                continue
            if name == "Info" and not field.get("required"):
                field["omitempty"] = True
            number += 1
            kind = JSON_ONLY_TYPES.get(name, {}).get(key, "string")
            label = "optional"
            if kind.startswith("repeated "):
                label, kind = kind.split()
            field["num"] = number
            message.fields.append((label, kind, key, number))
        messages.append(message)
    if path == "k8s.io/apimachinery/pkg/apis/meta/v1":
        raw = Message("RawJSON")
        raw.fields.append(("optional", "bytes", "raw", 1))
        messages.append(raw)
    return messages


def convert(path, package, imports, messages, all_types, warn):
    types = {k.split(".")[-1]: t for k, t in all_types.items() if t["_path"] == path}
    group = group_of(path, types)
    messages = messages + json_only_messages(path, types)
    kinds = " ".join(kind for m in messages for _, kind, _, _ in m.fields)
    imports = [i for i in imports if os.path.dirname(i).replace("/", ".").replace("-", "_") + "." in kinds]
    imports = sorted(set(imports) | {"options.proto"})
    out = ['syntax = "proto2";', "", f"package {package};", ""]
    out += [f'import "{i}";' for i in imports]
    file_opts = [("alias", alias_of(path))]
    if group[1]:
        file_opts += [("group", group[0]), ("version", group[1])]
    out += ["", "option (xebec.file) = {" + options(file_opts) + "};"]
    for message in messages:
        fact = types.get(message.name, {})
        full = package + "." + message.name
        facts = {}
        for key, field in fact.get("fields", {}).items():
            if not field.get("from") and "num" in field:
                facts[field["num"]] = (key, field)
        embedded = {e["num"] for e in fact.get("inlineProto", {}).values()}
        out += ["", f"message {message.name} {{"]
        if opts := type_options(full, message.name, fact, path, group):
            line = "  option (xebec.type) = {" + options(opts) + "};"
            if len(line) <= WIDTH:
                out.append(line)
            else:
                out.append("  option (xebec.type) = {")
                out += ["    " + options([pair]) for pair in opts]
                out.append("  };")
        order = []
        for label, kind, name, number in message.fields:
            json_name, field = facts.get(number, (name, {}))
            if number in embedded:
                json_name = name
            elif number not in facts and full not in SCALARS and full not in ALIAS_ONLY:
                warn(f"{full}.{name}: no facts")
            elif full not in SCALARS and "go" not in field:
                warn(f"{full}.{name}: no Go type ({field})")
            order.append(json_name)
            opts = field_options(json_name, field, number in embedded, path in JSON_ONLY and message.name in JSON_ONLY[path])
            if full in SCALARS:
                opts = []
            if full == "k8s.io.api.core.v1.List" and name == "metadata":
                opts.insert(0, ("omitempty", True))
            if (message.name, name) in POINTERS:
                opts.insert(0, ("pointer", True))
            write_field(out, label, kind, name, number, json_name, opts)
        own = [k for k, f in fact.get("fields", {}).items() if not f.get("from") and k in order]
        if own != [k for k in order if k in own]:
            warn(f"{full}: order differs: {own} / {order}")
        out += ["  " + r for r in message.reserved]
        out.append("}")
    return "\n".join(out) + "\n"


def version_key(version):
    m = re.match(r"v(\d+)(?:(alpha|beta)(\d+))?$", version)
    return ({None: 2, "beta": 1, "alpha": 0}[m[2]], int(m[1]), int(m[3] or 0))


def quote_list(key, values):
    return "".join(f" {key}: {json.dumps(v)}" for v in values)


def stored_as(resource, all_resources):
    """Where a resource is kept. Versions of one kind share their storage; where the table knows no path for an old
    version, that of a version which is still served holds."""
    storage = resource.get("storage", {})
    if not storage or storage["etcdPath"]:
        return storage
    for other in all_resources:
        if (other["group"], other["plural"]) == (resource["group"], resource["plural"]) and not other.get("removed"):
            if other.get("storage", {}).get("etcdPath"):
                return other["storage"]
    path = {"podsecuritypolicies": "podsecuritypolicy",
            "storageversions": "internal.apiserver.k8s.io/storageversions"}[resource["plural"]]
    return storage | {"etcdPath": f"/registry/{path}/{{name}}"}


def resources(facts):
    data = json.load(open(os.path.join(facts, "resources.json")))
    out = ["# proto-file: api/resources.proto", "# proto-message: xebec.ResourceTable", ""]
    groups = [{"name": "", "versions": ["v1"], "preferred": "v1"}] + data["apiGroupsInDiscoveryOrder"]
    known = {g["name"] for g in groups}
    served = {}
    for r in data["resources"]:
        served.setdefault(r["group"], set()).add(r["version"])
    for name in sorted(set(served) - known):
        groups.append({"name": name, "versions": [], "preferred": ""})
    for g in groups:
        modern = {r["version"] for r in data["resources"] if r["group"] == g["name"] and not r.get("removed")}
        versions = sorted(modern | set(g["versions"]), key=version_key, reverse=True)
        old = sorted(served.get(g["name"], set()) - set(versions), key=version_key, reverse=True)
        out.append("groups {" + f' name: "{g["name"]}" preferred_version: "{g["preferred"]}"'
                   + quote_list("versions", versions) + quote_list("removed_versions", old) + " }")
    for r in data["resources"]:
        storage = stored_as(r, data["resources"])
        out += ["", "resources {",
                f'  group: "{r["group"]}" version: "{r["version"]}" kind: "{r["kind"]}" plural: "{r["plural"]}" '
                f'singular: "{r["singular"]}"' + quote_list("short_names", r["shortNames"])
                + quote_list("categories", r["categories"]),
                f'  namespaced: {text(r["namespaced"])} enabled_by_default: {text(r["enabledByDefault"])}'
                + (" removed: true" if r.get("removed") else "")
                + (" default_columns: true" if r.get("columnsDefault") else "")
                + "".join(f' {k}: "{r[j]}"' for k, j in (("introduced", "introduced"), ("removed_in", "removedIn"),
                                                          ("since", "since")) if r.get(j)),
                " " + quote_list("verbs", r["verbs"])]
        if r.get("storageVersionHash"):
            out.append(f'  storage_version_hash: "{r["storageVersionHash"]}"')
        if storage:
            out.append(f'  storage_group: "{storage["group"]}" storage_version: "{storage["version"]}" '
                       f'etcd_path: "{storage["etcdPath"]}"')
        for s in r["subresources"]:
            out.append(f'  subresources {{ name: "{s["name"]}" group: "{s["group"]}" version: "{s["version"]}" '
                       f'kind: "{s["kind"]}"' + quote_list("verbs", s["verbs"]) + " }")
        for c in r["columns"]:
            out.append(f'  columns {{ name: {json.dumps(c["name"])} type: "{c["type"]}"'
                       + (f' format: "{c["format"]}"' if c.get("format") else "")
                       + (f' priority: {c["priority"]}' if c["priority"] else "")
                       + (f' source: {json.dumps(c["source"])}' if c.get("source") else "") + " }")
        out.append("}")
    return "\n".join(out) + "\n"


def main():
    facts, api = sys.argv[1:]
    types = json.load(open(os.path.join(facts, "schema.json")))["types"]
    for key, t in types.items():
        t["_path"] = t.get("goPackage") or key[3:].rsplit(".", 1)[0].replace("k8s.io.", "k8s.io/", 1).replace(".", "/")
    for t in types.values():
        t["_path"] = t["_path"].removeprefix("/")
    types["io.k8s.apimachinery.pkg.version.Info"]["_path"] = "k8s.io/apimachinery/pkg/version"
    warnings = []
    root = os.path.join(facts, "proto")
    files = [os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names
             if f.endswith(".proto")]
    files = [f for f in files if "runtime/schema" not in f]
    jobs = [(os.path.dirname(f), *parse_proto(os.path.join(root, f))) for f in sorted(files)]
    jobs.append(("k8s.io/apimachinery/pkg/version", "k8s.io.apimachinery.pkg.version", [], []))
    for path, package, imports, messages in jobs:
        target = os.path.join(api, path, "generated.proto")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w") as f:
            f.write(convert(path, package, imports, messages, types, warnings.append))
    with open(os.path.join(api, "resources.textproto"), "w") as f:
        f.write(resources(facts))
    for warning in warnings:
        print(warning, file=sys.stderr)


if __name__ == "__main__":
    main()
