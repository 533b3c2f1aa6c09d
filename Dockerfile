# The service as its target runs it: `just image build staging`, or by hand
#
#   docker build --platform linux/amd64 --build-arg REVISION=$(git rev-parse HEAD) .
#
# A package index and certificates of your own are passed as two build secrets, which stay out of the image:
# `index` has lines such as UV_DEFAULT_INDEX=..., `certificates` is a bundle. `just image build` passes both:
# docs/how-to/build-an-image.md.
ARG BASE=python:3.13.9-slim-bookworm

FROM ${BASE} AS build
WORKDIR /app
COPY requirements-tools.lock requirements-service.lock /build/
ENV UV_CACHE_DIR=/build/cache
RUN --mount=type=cache,target=/build/cache \
    --mount=type=secret,id=index,target=/run/secrets/index \
    --mount=type=secret,id=certificates,target=/run/secrets/certificates \
    set -eua; \
    if [ -s /run/secrets/index ]; then . /run/secrets/index; fi; \
    if [ -s /run/secrets/certificates ]; then \
      export SSL_CERT_FILE=/run/secrets/certificates PIP_CERT=/run/secrets/certificates; fi; \
    python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile --target /build/tools \
      --require-hashes --only-binary :all: -r /build/requirements-tools.lock; \
    python -m venv --without-pip /app/.venv; \
    /build/tools/bin/uv pip install --quiet --python /app/.venv --link-mode copy --compile-bytecode \
      --require-hashes --only-binary :all: -r /build/requirements-service.lock
COPY ansari_whatsapp ansari_whatsapp
# The modes of a checkout are those of whoever made it.
RUN python -m compileall -q ansari_whatsapp && chmod -R u=rwX,go=rX /app && mkdir -m 700 inbox

FROM ${BASE}
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/app/inbox
COPY --from=build /app/.venv .venv
# Slim images have no bytecode of Python itself: what the service imports of it is compiled once, not at every start.
RUN PYTHONDONTWRITEBYTECODE='' TMPDIR=/tmp python -c "import asyncio, sqlite3, urllib.request, \
    httpx, markdown_it, orjson, prometheus_client, pydantic, regex, sanic, sanic.http.http1"
COPY --from=build /app/ansari_whatsapp ansari_whatsapp
# The only place that is written to; with a read-only file system it stays writable, because it is a volume.
COPY --from=build --chown=10001:10001 /app/inbox inbox
VOLUME ["/app/inbox"]
USER 10001:10001
EXPOSE 8001
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="ansari-whatsapp" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8001'), timeout=3)"]
# One process, started without a shell: SIGTERM reaches it, and it drains.
ENTRYPOINT ["python", "-m", "ansari_whatsapp"]
