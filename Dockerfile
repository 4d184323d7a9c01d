# A wheel with the engine's kernels inside, and an image that holds it and what it needs.
FROM python:3.13-slim AS build
COPY . /source
RUN pip wheel --no-deps --wheel-dir /wheels /source

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -r /wheels
ENTRYPOINT ["clearprop"]
