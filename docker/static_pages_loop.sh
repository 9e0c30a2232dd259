#!/bin/sh
# Watch the published pages beside nginx: static_pages_loop.sh once, or … beside PID-OF-NGINX.
#
#   SCRATCH/first     a link to the pages while they are known to be right: found right less than TRUSTED seconds
#                     ago, and no publication has given another word since
#   SCRATCH/*.conf    maps for nginx: policies, signatures, what has ended, whether what is kept may be old
#   SCRATCH/watched   when this loop last came round; front.sh health reads it
set -u
TRUSTED=55
OLD=86400
LATE=60 # seconds that a publication may be missing in the pages before these are called old
TICK=0.12
TICKS="1 2 3 4" # looks for a new word in a round
now=$(date +%s)
replaced=$now
word=
outdated=
since=
unread=
next=0

if [ -n "${PUBLISHED_ORIGIN:-}" ]; then # a program is started for each look
    TICK=0.4
    TICKS=1
fi

fetch() { # an object of the bucket, where there is one, in so many seconds, as .new if `later`; what cannot be had stays, and grows old
    [ -n "${PUBLISHED_ORIGIN:-}" ] || return 0
    copy="$STATIC_PAGES/$1"
    # What broke off, or would fill the folder, is no object either, whatever its first line said.
    code=$(curl -s --max-time "$2" --max-filesize 8000000 -o "$copy.new" -w '%{http_code}' "$PUBLISHED_ORIGIN/$1") || return 1
    case "$code" in
    200) [ -n "${3:-}" ] || mv "$copy.new" "$copy" ;;
    403 | 404) rm -f "$copy" "$copy.new" ;; # a stranger who may not list is told no more
    *) return 1 ;;
    esac
}

read_words() { # of a file's first line: the first and the second
    first_word=
    second_word=
    if [ -r "$1" ]; then read -r first_word second_word <"$1" || true; fi
}

# What follows comes from another machine's disk: only lines of the form that we expect become a map.
# nginx reads no word of more than 4096 signs, so a policy is put together of pieces.
policies() {
    form="[a-zA-Z0-9 ;:/+=*.'-]*"
    kinds=
    for kind in page now frame live; do
        policy=$(sed -n "s|^policy $kind \($form\)$|\1|p" "$STATIC_PAGES/front" 2>/dev/null | sed 1q)
        name=$kind
        if [ "$kind" = page ]; then
            name=default
            policy=${policy:-"default-src 'none'; frame-ancestors 'none'"}
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
    # What has ended is asked of the portal. So is all over plain http, which leads to https.
    echo 'map "$visitors_scheme$ended" $static_tree {'
    echo '    default nowhere;'
    echo '    https first;'
    if ! grep -qsx 'scheme https' "$STATIC_PAGES/front"; then echo '    http first;'; fi
    echo '}'
}

signatures() {
    echo 'map $uri $static_signature {'
    echo '    default "";'
    form='keyid="[a-zA-Z0-9]*", algorithm="Ed25519", signature="[a-zA-Z0-9+/=]*"'
    sed -n "s|^signature \(/canh-bao/noi-dung/[a-zA-Z0-9-]*\.json\) \($form\)$|    \1 '\2';|p" "$STATIC_PAGES/front" 2>/dev/null
    echo '}'
}

list_ends() { # when, what and address, a line each
    awk 'NF == 4 && $1 == "end" && $2 ~ /^[0-9]+$/ && ($3 == "drop" || $3 == "stale") && $4 ~ /^\/[a-zA-Z0-9_.\/-]*$/ \
        { print $2, $3, $4 }' "$STATIC_PAGES/front" 2>/dev/null
}

ends() {
    echo 'map $uri $ended {'
    echo '    default "";'
    list_ends | awk -v now="$now" '$1 <= now && what[$3] != "drop" { what[$3] = $2 }
        END { for (address in what) print "    " address " " what[address] ";" }'
    echo '}'
}

state() { # fresh or stale
    echo "map \"\" \$kept_state { default $1; }"
}

write_map() { # which, with which argument; whether it changed
    "$@" >"$SCRATCH/$1.new"
    if cmp -s "$SCRATCH/$1.new" "$SCRATCH/$1.conf"; then return 1; fi
    mv "$SCRATCH/$1.new" "$SCRATCH/$1.conf"
}

reload() { # nginx, when it runs
    replaced=$now
    unread=
    [ -z "$nginx" ] || kill -HUP "$nginx"
}

# Whether a word was given since: nothing that was kept before it goes out.
drop_outdated() {
    fetch wanted 1 || true
    read_words "$STATIC_PAGES/wanted"
    word=$first_word
    if [ "$word" = "$outdated" ]; then return 1; fi
    outdated=$word
    rm -rf "$SCRATCH/first" "$SCRATCH/front-cache"/* "$SCRATCH/front-published"/*
    # New workers: those that run hold each page open for up to a second.
    reload
}

look() {
    now=$(date +%s)
    drop_outdated
    # A bucket that does not answer must not hold up what follows: pages are trusted for no longer.
    # Nor is a newer one believed without the lines that belong to it.
    if fetch checked 1 later && fetch front 5 && [ -e "$STATIC_PAGES/checked.new" ]; then
        mv "$STATIC_PAGES/checked.new" "$STATIC_PAGES/checked"
    fi
    read_words "$STATIC_PAGES/checked"
    case "$first_word" in '' | *[!0-9]*) first_word=0 ;; esac
    age=$((now - first_word))
    if [ "$second_word" = "$word" ]; then since=$now; fi
    since=${since:-$now}
    changed=
    if ! cmp -s "$STATIC_PAGES/front" "$SCRATCH/front" || [ "$now" -ge "$next" ] || [ ! -e "$SCRATCH/ends.conf" ]; then
        cp "$STATIC_PAGES/front" "$SCRATCH/front" 2>/dev/null || true
        next=$(list_ends | awk -v now="$now" '$1 > now && (!next_ || $1 < next_) { next_ = $1 } END { print next_ ? next_ : now + 3600 }')
        if write_map signatures; then unread=yes; fi # each word brings one: nginx reads them a minute later
        if write_map policies; then changed=yes; fi
        if write_map ends; then changed=yes; fi
    fi
    kept=fresh
    if [ "$age" -gt "$OLD" ] || [ $((now - since)) -gt "$LATE" ]; then kept=stale; fi
    if write_map state "$kept"; then changed=yes; fi
    if [ -n "$unread" ] && [ $((now - replaced)) -ge 60 ]; then changed=yes; fi
    # New workers now and then: worker_shutdown_timeout ends what the old ones cannot finish.
    if [ -n "$changed" ] || [ $((now - replaced)) -ge "${BODY_SECONDS:-600}" ]; then reload; fi
    if [ "$age" -gt "$TRUSTED" ] || [ "$second_word" != "$word" ] || [ ! -d "$STATIC_PAGES/pages" ]; then
        rm -f "$SCRATCH/first"
    elif [ ! -L "$SCRATCH/first" ]; then
        ln -s "$STATIC_PAGES/pages" "$SCRATCH/first"
    fi
    echo "$now" >"$SCRATCH/watched.new"
    mv "$SCRATCH/watched.new" "$SCRATCH/watched"
}

nginx=${2:-}
if [ "$1" = once ]; then
    look
else
    read_words "$STATIC_PAGES/wanted"
    outdated=$first_word
    while kill -0 "$nginx" 2>/dev/null; do
        look
        for _ in $TICKS; do
            sleep "$TICK"
            if drop_outdated; then break; fi
        done
    done
fi
