#!/usr/bin/env bash
# Builds the container images that work without internet as OCI tars, from Debian packages and the files beside this script.
# usage: tools/images/build.sh OUTDIR [SET]...
#   pause   (default) what every pod needs                         \ need installed packages only,
#   base    (default) busybox and the Hue images of the book       / 3 MB together
#   python  python:3.6, python:latest (Debian's python 3.11)       \ their packages are downloaded once,
#   nginx   nginx:1.7.9, nginx:latest (Debian's nginx-light)       / into $XEBEC_CACHE/debs
#   all     everything
# OUTDIR gets SET.tar and SET.refs (NAME<TAB>DIGEST a line). A set whose inputs have not changed is not built again.
set -euo pipefail
export LC_ALL=C
umask 022
here=$(cd "$(dirname "$0")" && pwd)
cache=${XEBEC_CACHE:-/var/cache/xebec}

[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- pause base
[ "$*" != all ] || set -- pause base python nginx
arch=$(dpkg --print-architecture)

work=
cleanup() { [ -z "$work" ] || rm -rf "$work"; }
trap cleanup EXIT

base_folders() {
  mkdir -p "$1"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,usr/local/bin,var/log,var/tmp,var/www}
  chmod 1777 "$1/tmp" "$1/var/tmp"
  printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false \
    www-data:x:33:33:www-data:/var/www:/bin/false nobody:x:65534:65534:nobody:/home:/bin/false >"$1/etc/passwd"
  printf '%s\n' root:x:0: daemon:x:1: www-data:x:33: nogroup:x:65534: >"$1/etc/group"
}

busybox_layer() {
  base_folders "$1"
  cp /bin/busybox "$1/bin/busybox"
  local applet
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
  rm -f "$1"/bin/{rpm,dpkg,dpkg-deb,nslookup}
  ln -s ../../bin/env "$1/usr/bin/env"
  install -m 755 "$here"/busybox/bin/* "$1/bin/"
}

hue_layer() {
  mkdir -p "$1/usr/local/bin" "$1/var/www/cgi-bin"
  install -m 755 "$here/hue/bin/hue" "$1/usr/local/bin/hue"
  install -m 755 "$here/hue/www/index.cgi" "$1/var/www/cgi-bin/index.cgi"
  echo ok >"$1/var/www/pulse"
}

# hue_image NAME VERSION PORT REF: one small layer on top of the common ones, and its line of the spec.
hue_image() {
  mkdir -p "$work/$1-$2/etc"
  printf 'name=%s\nversion=%s\nport=%s\n' "$1" "$2" "$3" >"$work/$1-$2/etc/hue"
  printf ',{"refs":["docker.io/%s"],"layers":["%s","%s","%s"],"config":{"Cmd":["hue"],"ExposedPorts":{"%s/tcp":{}}}}' \
    "$4" "$work/busybox" "$work/hue" "$work/$1-$2" "$3"
}

inputs_pause() {
  cat "$here"/build.sh "$here"/mkoci.py "$here"/pause/*
  dpkg-query -W -f='${Version}\n' libc6-dev gcc
}
spec_pause() {
  mkdir -p "$work/pause"
  cc -Os -static -s -Wl,--build-id=none -o "$work/pause/pause" "$here/pause/pause.c"
  printf '{"arch":"%s","images":[{"refs":["registry.k8s.io/pause:3.10.1"],"layers":["%s"],"config":{"Entrypoint":["/pause"],"User":"65535:65535"}}]}' \
    "$arch" "$work/pause"
}

inputs_base() {
  cat "$here"/build.sh "$here"/mkoci.py "$here"/busybox/bin/* "$here"/hue/*/*
  sha256sum /bin/busybox
}
spec_base() {
  busybox_layer "$work/busybox"
  hue_layer "$work/hue"
  printf '{"arch":"%s","images":[' "$arch"
  local tag refs=
  for tag in latest 1.28 1.36; do refs="$refs\"docker.io/library/busybox:$tag\","; done
  printf '{"refs":[%s],"layers":["%s"],"config":{"Cmd":["sh"]}}' "${refs%,}" "$work/busybox"
  hue_image hue-learn v3.0 80 g1g1/hue-learn:v3.0
  hue_image hue-learn v4.0 80 g1g1/hue-learn:v4.0
  hue_image hue-reminders v2.2 80 g1g1/hue-reminders:v2.2
  hue_image hue-music latest 8888 the_g1g1/hue-music:latest
  hue_image hue-collect-proxy latest 8088 the_g1g1/hue-collect-proxy:latest
  hue_image hue-fitness v4.4 80 library/hue-fitness:v4.4
  printf ']}'
}

# Packages that hold nothing a container needs, or whose job busybox does there.
skipped='^(perl.*|libperl.*|libgdbm.*|libdb5.*|mailcap|krb5.*|debconf.*|cdebconf|dpkg|perl-base|lsb-base|sysvinit-utils|init-system-helpers|adduser|passwd|mawk|iproute2|gcc-12-base|media-types|mime-support|install-info|tar|libcrypt-dev|sensible-utils|nginx-common|<.*)$'

package_closure() {
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep -E '^[a-z0-9]' | grep -v : | grep -vE "$skipped" | sort -u
}

download() {
  mkdir -p "$cache/debs"
  local package absent=()
  for package in "$@"; do
    compgen -G "$cache/debs/${package}_*.deb" >/dev/null || absent+=("$package")
  done
  [ ${#absent[@]} -eq 0 ] || (cd "$cache/debs" && apt-get download -qq "${absent[@]}" >/dev/null 2>&1)
}

# package_layer DIR PACKAGE...: a root file system by plain unpacking: no maintainer script runs, nothing is chrooted.
package_layer() {
  local dir=$1 package packages
  shift
  mapfile -t packages < <(package_closure "$@")
  download "${packages[@]}"
  busybox_layer "$work/busybox"
  mkdir -p "$dir"
  for package in "${packages[@]}"; do dpkg -x "$(compgen -G "$cache/debs/${package}_*.deb" | tail -1)" "$dir"; done
  rm -rf "$dir"/usr/share/{doc,man,locale,info,lintian,bug,perl5,zoneinfo,bash-completion} "$dir"/var/cache/* \
    "$dir"/usr/lib/*-linux-gnu/{gconv,perl-base} "$dir"/{usr/,}lib/systemd "$dir"/usr/lib/python3.*/{pydoc_data,test,idlelib}
}

inputs_python() { cat "$here"/build.sh "$here"/mkoci.py "$here"/busybox/bin/*; sha256sum /bin/busybox; package_closure python3-minimal libpython3-stdlib; }
spec_python() {
  package_layer "$work/python" python3-minimal libpython3-stdlib
  ln -sf python3 "$work/python/usr/bin/python"
  printf '{"arch":"%s","images":[{"refs":["docker.io/library/python:3.6","docker.io/library/python:3.11","docker.io/library/python:latest"],"layers":["%s","%s"],"config":{"Cmd":["python3"]}}]}' \
    "$arch" "$work/busybox" "$work/python"
}

inputs_nginx() { cat "$here"/build.sh "$here"/mkoci.py "$here"/busybox/bin/* "$here"/nginx/*; sha256sum /bin/busybox; package_closure nginx-light; }
spec_nginx() {
  package_layer "$work/nginx" nginx-light
  mkdir -p "$work"/nginx/{etc/nginx/conf.d,usr/share/nginx/html,var/log/nginx,var/lib/nginx,run}
  cp "$here/nginx/nginx.conf" "$work/nginx/etc/nginx/nginx.conf"
  cp "$here/nginx/index.html" "$work/nginx/usr/share/nginx/html/index.html"
  printf '{"arch":"%s","images":[{"refs":["docker.io/library/nginx:1.7.9","docker.io/library/nginx:1.14.2","docker.io/library/nginx:1.16.1","docker.io/library/nginx:latest"],"layers":["%s","%s"],"config":{"Cmd":["nginx","-g","daemon off;"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT"}}]}' \
    "$arch" "$work/busybox" "$work/nginx"
}

build_set() {
  local key
  key=$("inputs_$1" | sha256sum | cut -d' ' -f1)
  if [ -f "$out/$1.tar" ] && [ -f "$out/$1.refs" ] && [ "$(cat "$out/$1.key" 2>/dev/null)" = "$key" ]; then return; fi
  work=$(mktemp -d)
  "spec_$1" >"$work/spec.json"
  "$here/mkoci.py" "$work/spec.json" "$out/.$1.tar" >"$out/.$1.refs"
  mv "$out/.$1.tar" "$out/$1.tar"
  mv "$out/.$1.refs" "$out/$1.refs"
  echo "$key" >"$out/$1.key"
  rm -rf "$work"
  work=
}

for set in "$@"; do
  declare -F "spec_$set" >/dev/null || { echo "build.sh: unknown set '$set'" >&2; exit 2; }
  build_set "$set"
done
