#!/bin/sh
# Compiles a precompiled header from nothing. Where an older one lies in the output's place, the preprocessor takes
# it for the header that is being compiled, and ccache then gives the older one back.
previous=
for argument; do
  if [ "$previous" = -o ]; then rm -f "$argument"; fi
  previous=$argument
done
exec "$@"
