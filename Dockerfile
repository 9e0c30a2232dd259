# The portal (target `portal`) and the web server in front of it (target `front`).
# Packages come hash-locked; no secret is needed or left in any layer. docker/pin_images.sh gives these two a digest.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG NGINX_IMAGE=nginx:1.28-alpine

FROM ${PYTHON_IMAGE} AS packages
COPY requirements/runtime.txt /tmp/
# Without pip of its own, sources in C, tests, words in languages that no page speaks, and what places and carriers of the
# world's telephone numbers are called: half of it all.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --require-hashes --requirement /tmp/runtime.txt \
    && find /opt/venv -type d -path '*/locale/*/LC_MESSAGES' ! -path '*/locale/vi*' ! -path '*/locale/en*' -prune -exec rm -r {} + \
    && cd /opt/venv/lib/python*/site-packages/phonenumbers && rm -r geodata carrierdata tzdata && cd / \
    && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
    && find /opt/venv -type f \( -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pyi' \) -delete \
    && python -m compileall -q /opt/venv

# Of PostgreSQL the three programs that archives need, and the libraries that came with them; the packages bring Perl too.
# Debian 13, whose PostgreSQL is 17 like the server: pg_dump takes no newer one.
FROM ${PYTHON_IMAGE} AS postgresql
RUN touch /before && apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 \
    && mkdir -p /programs/bin /programs/lib && cd /usr/lib/postgresql/17/bin && cp pg_dump pg_restore psql /programs/bin/ \
    && ldd /programs/bin/* | sed -n 's/.*=> \([^ ]*\) .*/\1/p' | sort -u \
    | xargs -I FILE find -L FILE -cnewer /before -exec cp -L FILE /programs/lib/ \;

FROM ${PYTHON_IMAGE} AS portal
RUN python -m pip uninstall --yes --quiet pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /data /backups \
    && install -d -o portal -g portal -m 0755 /data/static-pages \
    && echo /usr/lib/postgresql/17/lib >/etc/ld.so.conf.d/postgresql.conf
COPY --from=postgresql /programs /usr/lib/postgresql/17
RUN ldconfig
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    PORT=8000
WORKDIR /portal
COPY manage.py ./
COPY portal portal
COPY reports reports
COPY alerts alerts
COPY ops ops
COPY desk desk
COPY accounts accounts
COPY core core
COPY province province
COPY templates templates
COPY locale locale
COPY static static
COPY docs docs
COPY docker/entrypoint.sh docker/entrypoint.sh
# Compiled and collected now, because at run time the root file system is read-only. Where a manifest lies files are collected
# under names with their hash, and packed (portal/settings.py).
RUN python -m compileall -q portal ops desk alerts accounts reports core manage.py \
    && mkdir -p build/static && echo '{"version": "1.1", "paths": {}}' >build/static/staticfiles.json \
    && DATA_DIR=/nonexistent python manage.py collectstatic --no-input --verbosity 0
ENV PYTHONDONTWRITEBYTECODE=1
USER portal
# Not of /backups: without its volume an archive would go where nobody finds it again.
VOLUME /data /data/static-pages
EXPOSE 8000
ENTRYPOINT ["/portal/docker/entrypoint.sh"]
CMD ["web"]

# Nothing of a version is in it: style sheets lie beside the kept pages, where migrate lays them, so that a change of
# version leaves it running.
FROM ${NGINX_IMAGE} AS front
COPY docker/error.html docker/files.html docker/too-large.html /srv/front/
COPY docker/nginx.conf docker/static-always.conf docker/folder-first.conf docker/bucket-first.conf docker/bucket.conf docker/static-page.conf docker/static-file.conf docker/local.conf docker/front.sh docker/static_pages_loop.sh /srv/front/
COPY province/province.toml /srv/front/province/province.toml
ENV PROVINCE_DIR=/srv/front/province
ENV LISTEN=8080 UPSTREAM=web:8000 RESOLVER=127.0.0.11 SCRATCH=/tmp STATIC_PAGES=/static-pages
USER nginx
EXPOSE 8080
ENTRYPOINT ["/srv/front/front.sh"]
CMD []
