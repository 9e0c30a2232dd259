#!/bin/sh
# Whether nginx answers and the loop beside it has looked lately. Docker starts nothing again for being unhealthy: what is
# found bad three times in a row is ended here, and the restart policy brings it back.
bad=$SCRATCH/bad-looks
if wget -q -T 3 -O /dev/null "http://127.0.0.1:$LISTEN/front-alive" && [ -n "$(find "$SCRATCH/looked" -mmin -1)" ]; then
    rm -f "$bad"
    exit 0
fi
echo >>"$bad"
if [ "$(wc -l <"$bad")" -ge 3 ]; then
    rm -f "$bad"
    kill -9 -1 # all of this container but the first, which ends with them
fi
exit 1
