#!/bin/sh
# Watch the published pages beside nginx: static_pages_loop.sh once, or … beside PID-OF-NGINX.
#
#   SCRATCH/first     a link to the pages while they are known to be right: found right less than TRUSTED_SECONDS
#                     ago, and no publication has given another word since
#   SCRATCH/*.conf    maps for nginx: policies, signatures, what has ended, whether what is kept may be old
#   SCRATCH/watched   when this loop last came round; front.sh health reads it
set -u
TRUSTED_SECONDS=55
OLD_SECONDS=86400
LATE_SECONDS=60 # that a publication may be missing in the pages before these are called old
REREAD_SECONDS=60
LOOKS="1 2 3 4" # for a new word, in a round
LOOK_SECONDS=0.12
if [ -n "${PUBLISHED_ORIGIN:-}" ]; then # a program is started for each look
    LOOKS=1
    LOOK_SECONDS=0.4
fi

now=$(date +%s)
reloaded_at=$now
next_end=0          # when something ends that has not ended yet
word=               # of the newest publication
dropped_for=        # the word for which all was dropped that was kept before it
agreed_at=          # when the pages last had the newest word
has_new_signatures= # that nginx has not read

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
        if [ "$kind" = page ]; then page_policy=$whole; fi
        echo "map \"\" \$static_policy_$kind { default \"${whole:-$page_policy}\"; }"
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
    reloaded_at=$now
    has_new_signatures=
    [ -z "$nginx" ] || kill -HUP "$nginx"
}

# Where a word was given since, nothing that was kept before it goes out; fails where none was.
drop_at_new_word() {
    fetch wanted 1 || true
    read_words "$STATIC_PAGES/wanted"
    word=$first_word
    if [ "$word" = "$dropped_for" ]; then return 1; fi
    dropped_for=$word
    rm -rf "$SCRATCH/first" "$SCRATCH/front-cache"/* "$SCRATCH/front-published"/*
    # New workers: those that run hold each page open for up to a second.
    reload
}

read_checked() { # how old the pages are, and whether they have the newest word
    # A bucket that does not answer must not hold up what follows: pages are trusted for no longer.
    # Nor is a newer one believed without the lines that belong to it.
    if fetch checked 1 later && fetch front 5 && [ -e "$STATIC_PAGES/checked.new" ]; then
        mv "$STATIC_PAGES/checked.new" "$STATIC_PAGES/checked"
    fi
    read_words "$STATIC_PAGES/checked"
    case "$first_word" in '' | *[!0-9]*) first_word=0 ;; esac
    age=$((now - first_word))
    has_word=
    if [ "$second_word" = "$word" ]; then
        has_word=yes
        agreed_at=$now
    fi
    agreed_at=${agreed_at:-$now}
}

write_maps() { # and have nginx read them when one has changed
    changed=
    if ! cmp -s "$STATIC_PAGES/front" "$SCRATCH/front" || [ "$now" -ge "$next_end" ] || [ ! -e "$SCRATCH/ends.conf" ]; then
        cp "$STATIC_PAGES/front" "$SCRATCH/front" 2>/dev/null || true
        next_end=$(list_ends | awk -v now="$now" '$1 > now && (!first || $1 < first) { first = $1 } END { print first ? first : now + 3600 }')
        if write_map signatures; then has_new_signatures=yes; fi # each word brings one: nginx reads them a minute later
        if write_map policies; then changed=yes; fi
        if write_map ends; then changed=yes; fi
    fi
    kept=fresh
    if [ "$age" -gt "$OLD_SECONDS" ] || [ $((now - agreed_at)) -gt "$LATE_SECONDS" ]; then kept=stale; fi
    if write_map state "$kept"; then changed=yes; fi
    if [ -n "$has_new_signatures" ] && [ $((now - reloaded_at)) -ge "$REREAD_SECONDS" ]; then changed=yes; fi
    # New workers now and then: worker_shutdown_timeout ends what the old ones cannot finish.
    if [ -n "$changed" ] || [ $((now - reloaded_at)) -ge "${BODY_SECONDS:-600}" ]; then reload; fi
}

look() {
    now=$(date +%s)
    drop_at_new_word
    read_checked
    write_maps
    if [ "$age" -gt "$TRUSTED_SECONDS" ] || [ -z "$has_word" ] || [ ! -d "$STATIC_PAGES/pages" ]; then
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
    dropped_for=$first_word
    while kill -0 "$nginx" 2>/dev/null; do
        look
        for _ in $LOOKS; do
            sleep "$LOOK_SECONDS"
            if drop_at_new_word; then break; fi
        done
    done
fi
