#!/bin/sh
# Choose the static pages that nginx serves: static_pages_loop.sh once, or … beside PID-OF-NGINX.
#
#   SCRATCH/first  pages that were found right less than TRUSTED seconds ago and not outdated since
#   SCRATCH/kept   for when the portal does not answer: the same, or after a day their stale twins
#
# Where a warning in them has ended since, a pruned copy of the tree takes its place.
set -u
TRUSTED=55
OLD=86400
TICK=0.12
MARK_CHECKS="1 2 3 4" # a tick between two
QUIET=${QUIET:-120} # rounds
seen=
rounds=0
replaced=$(date +%s)
outdated=

read_number() { # the first line of a file, when it is a number; else 0
    value=
    if [ -r "$1" ]; then read -r value <"$1" || true; fi
    case "$value" in '' | *[!0-9]*) echo 0 ;; *) echo "$value" ;; esac
}

point_link() { # a link, in one step
    if [ "$(readlink "$SCRATCH/$1")" != "$2" ]; then
        rm -f "$SCRATCH/.$1"
        ln -s "$2" "$SCRATCH/.$1" && mv -T "$SCRATCH/.$1" "$SCRATCH/$1"
    fi
}

# What follows comes from another machine's disk: only lines of the form that we expect become a map.
# nginx reads no word of more than 4096 signs, so a policy is put together of pieces.
policies() {
    form="[a-zA-Z0-9 ;:/+=*.'-]*"
    kinds=
    for kind in page now frame live; do
        policy=$(sed -n "s|^$kind \($form\)$|\1|p" "$1" 2>/dev/null | sed 1q)
        name=$kind
        if [ "$kind" = page ]; then
            name=default
            policy=${policy:-default-src 'none'; frame-ancestors 'none'}
        fi
        whole=
        number=0
        while [ "${#policy}" -gt 2000 ]; do
            piece=$(printf '%.2000s' "$policy")
            policy=${policy#"$piece"}
            number=$((number + 1))
            whole="$whole\${static_${kind}_$number}"
            echo "map \"\" \$static_${kind}_$number { default \"$piece\"; }"
        done
        whole="$whole$policy"
        if [ -n "$whole" ]; then kinds="$kinds $name \"$whole\";"; fi
        if [ "$kind" = page ]; then of_pages=$whole; fi
        echo "map \"\" \$static_policy_$kind { default \"${whole:-$of_pages}\"; }"
    done
    echo "map \$static_kind \$static_policy {$kinds }"
    echo 'map $visitors_scheme $static_tree {'
    echo '    default first;'
    # Over plain http the portal answers itself: it leads to https.
    if grep -qsx 'scheme https' "$1"; then echo '    http nowhere;'; fi
    echo '}'
}

signatures() {
    echo 'map $uri $static_signature {'
    echo '    default "";'
    form='keyid="[a-zA-Z0-9]*", algorithm="Ed25519", signature="[a-zA-Z0-9+/=]*"'
    sed -n "s|^\(/canh-bao/noi-dung/[a-zA-Z0-9-]*\.json\) \($form\)$|    \1 '\2';|p" "$1" 2>/dev/null
    echo '}'
}

write_map() { # what to write, from which file, and nginx when it runs
    "$1" "$2" >"$SCRATCH/$1.new"
    if ! cmp -s "$SCRATCH/$1.new" "$SCRATCH/$1.conf"; then
        mv "$SCRATCH/$1.new" "$SCRATCH/$1.conf"
        if [ -n "${3:-}" ]; then kill -HUP "$3"; fi
    fi
}

# A tree of links without what has ended: drop it, or lay its stale twin there.
prune_tree() { # tree, fresh or stale, how many lines of its ends are due
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
    fi
    echo "$place"
}

drop_pruned_but() { # the tree that the links lead to; they have to lead there by now
    for old in "$SCRATCH/pruned"/*; do
        if [ -d "$old" ] && [ "$old" != "${1%/*}" ]; then rm -rf "$old"; fi
    done
}

# Whether a word was given since: nothing that was kept before it goes out. No other program is
# started to see it.
drop_outdated() {
    word=
    if [ -e "$STATIC_PAGES/outdated-since" ]; then read -r word <"$STATIC_PAGES/outdated-since" || true; fi
    if [ "$word" = "$outdated" ]; then return 1; fi
    outdated=$word
    if [ -n "$word" ]; then
        rm -f "$SCRATCH/first" "$SCRATCH/front-cache"/*
        # New workers: those that run hold each page open for up to a second.
        kill -HUP "$1"
    fi
}

update_links() {
    now=$(date +%s)
    # New workers now and then: worker_shutdown_timeout ends what the old ones cannot finish.
    if [ -n "${1:-}" ] && [ $((now - replaced)) -ge "${BODY_SECONDS:-600}" ]; then
        replaced=$now
        kill -HUP "$1"
    fi
    tree=$(readlink -f "$STATIC_PAGES/current")
    if [ ! -d "$tree/fresh" ]; then
        rm -f "$SCRATCH/first"
        for what in policies signatures; do
            [ -e "$SCRATCH/$what.conf" ] || write_map "$what" ""
        done
        return
    fi
    rounds=$((rounds + 1))
    if [ "$tree" != "$seen" ]; then
        write_map policies "$tree/policies" "${1:-}" && seen=$tree
        rounds=0
    fi
    # Each word brings a signature: nginx reads them when no other word has come for a minute.
    if [ "$rounds" = "$QUIET" ] || [ ! -e "$SCRATCH/signatures.conf" ]; then
        write_map signatures "$tree/signatures" "${1:-}"
    fi
    age=$((now - $(read_number "$STATIC_PAGES/checked-at")))
    kind=fresh
    if [ "$age" -gt "$OLD" ]; then kind=stale; fi
    pages="$STATIC_PAGES/current/$kind"
    read -r first _ <"$tree/ends" || first=
    if [ -n "$first" ] && [ "$first" -le "$now" ]; then
        due=$(awk -v now="$now" '$1 > now { exit } { due++ } END { print due + 0 }' "$tree/ends")
        pages=$(prune_tree "$tree" "$kind" "$due")
    fi
    point_link kept "$pages"
    if [ "$age" -le "$TRUSTED" ] && [ ! -e "$STATIC_PAGES/outdated-since" ]; then
        point_link first "$pages"
    else
        rm -f "$SCRATCH/first"
    fi
    drop_pruned_but "$pages"
}

if [ "$1" = once ]; then
    update_links
else
    while kill -0 "$2" 2>/dev/null; do
        update_links "$2"
        echo >"$SCRATCH/looked" # docker/front_health.sh
        for _ in $MARK_CHECKS; do
            sleep "$TICK"
            if drop_outdated "$2"; then break; fi
        done
    done
fi
