# cfgen with the AWS CLI, for CI systems that run containers. How to use it: docs/how-to/continuous-delivery.md
# Building takes the package index; every package is locked by hash.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# what changes seldom comes first, so that it is built seldom
COPY requirements/build.txt requirements/image.txt requirements/
RUN python -m pip install --quiet --require-hashes -r requirements/build.txt
RUN python -m venv /opt/cfgen && /opt/cfgen/bin/python -m pip install --quiet --require-hashes -r requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY requirements/taskcat.txt requirements/
COPY templates templates
COPY specs specs
COPY generator generator
RUN python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir /wheels . \
 && /opt/cfgen/bin/python -m pip install --quiet --no-index --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="cfgen" \
      org.opencontainers.image.description="A model spec in, a CloudFormation template for an Amazon SageMaker endpoint out." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --create-home cfgen && mkdir /work && chown cfgen /work
COPY --from=build /opt/cfgen /opt/cfgen
# caches lie where whoever runs it may write: --user makes files that belong to the caller
ENV PATH=/opt/cfgen/bin:$PATH HOME=/home/cfgen CFGEN_CACHE_DIR=/tmp/cfgen PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /work
ENTRYPOINT ["cfgen"]
CMD ["--help"]
