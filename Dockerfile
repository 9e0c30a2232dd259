# The portal (target `portal`) and the web server in front of it (target `front`).
# Packages come hash-locked; no secret is needed or left in any layer.
ARG PYTHON=3.11
ARG NGINX=1.28

FROM python:${PYTHON}-slim-trixie AS packages
RUN python -m venv /opt/venv
COPY requirements/runtime.txt /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/runtime.txt

# Debian 13, whose PostgreSQL is 17 like the server: pg_dump takes no newer one.
FROM python:${PYTHON}-slim-trixie AS portal
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /data /backups \
    && install -d -o portal -g portal -m 0755 /data/static-pages
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
# Compiled and collected now, because at run time the root file system is read-only.
RUN python -m compileall -q portal ops desk alerts accounts reports core manage.py \
    && DATA_DIR=/nonexistent python manage.py collectstatic --no-input --verbosity 0
ENV PYTHONDONTWRITEBYTECODE=1
USER portal
VOLUME /data /data/static-pages /backups
EXPOSE 8000
ENTRYPOINT ["/portal/docker/entrypoint.sh"]
CMD ["web"]

FROM nginx:${NGINX}-alpine AS front
COPY --from=portal /portal/build/static /srv/front/static
COPY docker/error.html docker/files.html docker/too-large.html /srv/front/
COPY docker/nginx.conf docker/static-always.conf docker/folder-first.conf docker/bucket-first.conf docker/bucket.conf docker/static-page.conf docker/static-file.conf docker/local.conf docker/front.sh docker/static_pages_loop.sh /srv/front/
COPY province/province.toml /srv/front/province/province.toml
ENV PROVINCE_DIR=/srv/front/province
ENV LISTEN=8080 UPSTREAM=web:8000 SCRATCH=/tmp STATIC_PAGES=/static-pages
USER nginx
EXPOSE 8080
ENTRYPOINT ["/srv/front/front.sh"]
CMD []
