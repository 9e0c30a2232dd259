#!/bin/sh
# Which kept pages the front server hands out: keep.sh once, or keep.sh beside PID-OF-NGINX.
#
#   SCRATCH/first  pages that were found right less than TRUSTED seconds ago and not doubted since
#   SCRATCH/kept   for when the portal does not answer: the same, or after a day their stale twins
#
# Where a warning in them has ended since, a pruned copy of the tree takes its place.
set -u
TRUSTED=55
OLD=86400
TICK=0.5
seen=

number() { # the first line of a file, when it is a number; else 0
    found=
    if [ -r "$1" ]; then read -r found <"$1" || true; fi
    case "$found" in '' | *[!0-9]*) echo 0 ;; *) echo "$found" ;; esac
}

point() { # a link, in one step
    if [ "$(readlink "$SCRATCH/$1")" != "$2" ]; then
        rm -f "$SCRATCH/.$1"
        ln -s "$2" "$SCRATCH/.$1" && mv -T "$SCRATCH/.$1" "$SCRATCH/$1"
    fi
}

# The policies come from another machine's disk: only lines of the form that we expect become a map.
policies() {
    form="[a-zA-Z0-9 ;:/+=*.'-]*"
    page=$(sed -n "s|^page \($form\)$|\1|p" "$1" 2>/dev/null | sed 1q)
    echo 'map $kept_kind $kept_policy {'
    echo "    default \"${page:-default-src 'none'; frame-ancestors 'none'}\";"
    for kind in now frame live; do
        sed -n "s|^$kind \($form\)$|    $kind \"\1\";|p" "$1" 2>/dev/null | sed 1q
    done
    echo '}'
    echo 'map $visitors_scheme $kept_tree {'
    echo '    default first;'
    # Over plain http the portal answers itself: it leads to https.
    if grep -qsx 'scheme https' "$1"; then echo '    http nowhere;'; fi
    echo '}'
}

tell() { # new policies, and nginx when it runs
    policies "$1" >"$SCRATCH/kept.new"
    if ! cmp -s "$SCRATCH/kept.new" "$SCRATCH/kept.conf"; then
        mv "$SCRATCH/kept.new" "$SCRATCH/kept.conf"
        if [ -n "${2:-}" ]; then kill -HUP "$2"; fi
    fi
}

# A tree of links without what has ended: drop it, or lay its stale twin there.
pruned() { # tree, fresh or stale, how many lines of its ends are due
    place="$SCRATCH/pruned/${1##*/}-$3/$2"
    if [ ! -d "$place" ]; then
        rm -rf "$SCRATCH/pruned.new"
        mkdir -p "$SCRATCH/pruned.new" "${place%/*}"
        cp -rs "$1/$2" "$SCRATCH/pruned.new/$2"
        head -n "$3" "$1/ends" | while read -r _ what file; do
            for form in "$file" "$file.gz" "$file.br"; do
                rm -f "$SCRATCH/pruned.new/$2/$form"
                if [ "$what" = twin ] && [ -e "$1/stale/$form" ]; then
                    ln -s "$1/stale/$form" "$SCRATCH/pruned.new/$2/$form"
                fi
            done
        done
        mv "$SCRATCH/pruned.new/$2" "$place"
        for old in "$SCRATCH/pruned"/*; do
            if [ "$old" != "${place%/*}" ]; then rm -rf "$old"; fi
        done
    fi
    echo "$place"
}

look() {
    now=$(date +%s)
    tree=$(readlink -f "$SNAPSHOTS/current")
    if [ ! -d "$tree/fresh" ]; then
        rm -f "$SCRATCH/first"
        [ -e "$SCRATCH/kept.conf" ] || tell ""
        return
    fi
    if [ "$tree" != "$seen" ]; then tell "$tree/policies" "${1:-}" && seen=$tree; fi
    age=$((now - $(number "$SNAPSHOTS/checked")))
    kind=fresh
    if [ "$age" -gt "$OLD" ]; then kind=stale; fi
    pages="$SNAPSHOTS/current/$kind"
    read -r first _ <"$tree/ends" || first=
    if [ -n "$first" ] && [ "$first" -le "$now" ]; then
        due=$(awk -v now="$now" '$1 > now { exit } { due++ } END { print due + 0 }' "$tree/ends")
        pages=$(pruned "$tree" "$kind" "$due")
    fi
    point kept "$pages"
    if [ "$age" -le "$TRUSTED" ] && [ ! -e "$SNAPSHOTS/doubted" ]; then
        point first "$pages"
    else
        rm -f "$SCRATCH/first"
    fi
}

if [ "$1" = once ]; then
    look
else
    while kill -0 "$2" 2>/dev/null; do
        look "$2"
        sleep "$TICK"
    done
fi
