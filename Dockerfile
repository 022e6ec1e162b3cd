# Two stages: one installs, the other runs, without pip's cache and as nobody in particular.
ARG BASE=docker.io/library/python:3.12-slim-bookworm

FROM ${BASE} AS install
WORKDIR /srv
COPY requirements.lock .
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM ${BASE}
COPY --from=install /opt/venv /opt/venv
WORKDIR /srv
COPY app app
COPY model model
COPY static static
COPY templates templates
# The service runs as a user who may not write here: without bytecode each start would compile all modules again.
RUN /opt/venv/bin/python3 -m compileall -q app model
RUN useradd --system --uid 10001 --no-create-home kernelscope && install --directory --owner kernelscope /state
USER 10001
ENV HOST=0.0.0.0 PORT=8000 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["/opt/venv/bin/python3", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
CMD ["/opt/venv/bin/python3", "-m", "app"]
