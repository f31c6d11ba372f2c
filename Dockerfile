# syntax=docker/dockerfile:1
# One image, one entry point: the command picks the role (subscriber, worker, topics apply, ...).
#
#   docker build -t dealwire .                     the product
#   docker build -t dealwire-org --target org .    the product and the simulated Salesforce org

FROM python:3.12.13-slim-bookworm AS build
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/dealwire
RUN python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION}
WORKDIR /src
# Dependencies first: they change seldom, and this layer with them.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project --extra postgres
COPY schemas schemas
COPY processors processors
COPY connectors connectors
COPY streams streams
RUN uv sync --frozen --no-dev --no-editable --extra postgres

FROM build AS build-org
RUN uv sync --frozen --no-dev --no-editable --extra postgres --extra sandbox

FROM python:3.12.13-slim-bookworm AS base
RUN groupadd --gid 10001 dealwire \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/dealwire dealwire \
    && install -d -o dealwire -g dealwire -m 0750 /var/lib/dealwire
ENV PATH=/opt/dealwire/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/dealwire
USER 10001:10001
ENTRYPOINT ["dealwire"]
CMD ["--help"]

FROM base AS org
COPY --from=build-org /opt/dealwire /opt/dealwire

# The last stage is the one that is built when none is named.
FROM base AS product
COPY --from=build /opt/dealwire /opt/dealwire
