#!/bin/sh
. /etc/hue
printf 'Content-Type: text/plain\r\n\r\n%s %s on %s\n' "$name" "$version" "$(hostname)"
