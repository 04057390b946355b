# The benchmark with every package at the version and digest of a lock file (docs/container.md):
#   docker build --build-arg VARIANT=cpu  -t talking-head-benchmark:cpu .
#   docker build --build-arg VARIANT=cuda -t talking-head-benchmark:cuda .
# VARIANT cpu: requirements-cpu.lock, for Linux x86-64. VARIANT cuda: requirements.lock, whose wheels bring CUDA along, so
# that both stand on the same small base and the host needs the driver and the container toolkit alone.

# The digest is that of the public tag as other public Dockerfiles state it. For another base, or to look it up:
#   docker buildx imagetools inspect python:3.11-slim-bookworm
ARG BASE=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS packages
ARG VARIANT=cpu
# PyTorch keeps its builds without CUDA in an index of its own; a mirror of it does as well, the digests are the lock's.
ARG CPU_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.lock requirements-cpu.lock ./
RUN python -m venv /opt/venv \
    && case "${VARIANT}" in \
        cpu) /opt/venv/bin/pip install --require-hashes --extra-index-url "${CPU_INDEX}" -r requirements-cpu.lock ;; \
        cuda) /opt/venv/bin/pip install --require-hashes -r requirements.lock ;; \
        *) echo "VARIANT is cpu or cuda, not '${VARIANT}'" >&2; exit 2 ;; \
    esac

FROM ${BASE} AS benchmark
ARG REVISION=unknown
LABEL org.opencontainers.image.title="talking-head-benchmark" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/venv/bin:${PATH} \
    PYTHONPATH=/app \
    PYTHONUTF8=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TALKING_HEAD_WEIGHTS=/weights \
    XDG_CACHE_HOME=/cache \
    MPLCONFIGDIR=/cache/matplotlib
# Writable for whoever runs it, as /tmp is: `--user` may name any.
RUN groupadd --gid 1000 bench \
    && useradd --uid 1000 --gid bench --create-home bench \
    && install --directory --mode 1777 /weights /cache /app/results \
    && install --directory /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
USER 1000:1000
VOLUME ["/weights", "/cache", "/data"]
# Imports everything, encodes a video and compares the kernels: about ten seconds of one core. Weights that are missing
# are no fault. While a run is timed: docker run --no-healthcheck.
HEALTHCHECK --interval=15m --timeout=3m --start-period=1m --retries=2 CMD ["python", "benchmark.py", "doctor"]
CMD ["python", "benchmark.py", "--help"]
