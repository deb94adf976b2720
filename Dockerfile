# One image for every process. The first three stages run on the builder's own platform, whatever the image is for: of all
# that is copied only Node and onnxruntime are native code, and both are chosen by TARGETARCH. The last stage runs nothing.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BUILD_IMAGE=${NODE_IMAGE}
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z

FROM ${NODE_IMAGE} AS node

FROM --platform=${BUILDPLATFORM} ${BUILD_IMAGE} AS sources
WORKDIR /build
# For an npm before 11.16, which runs install scripts whatever allowScripts of package.json says: this one would download CUDA.
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./

FROM sources AS program
# A private registry: its npmrc, and the roots of its certificate, as secrets that no layer keeps.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca,target=/run/ca.pem \
    NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build-agent.ts scripts/
COPY src src
RUN npm run build && mkdir state
COPY LICENSE ./
COPY proto proto
COPY data data
COPY models models
# A checkout's own modes are not the image's: after `umask 077` the program's user could not read them.
RUN chmod -R u=rwX,go=rX LICENSE package.json proto data models dist
ARG VERSION
ARG REVISION
ARG CREATED
# The entry point names its build: otherwise the layer cache of buildah and podman (seen with 1.28) hands out labels of another one.
RUN printf '#!/usr/local/bin/node\n// %s, revision %s, created %s\nimport("/app/dist/processes/main.js");\n' \
    "${VERSION}" "${REVISION}" "${CREATED}" > spot-expander && chmod 755 spot-expander

FROM sources AS packages
ARG TARGETARCH
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca,target=/run/ca.pem \
    NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# onnxruntime comes for every platform; types, maps and documents are nobody's at run time.
RUN case "${TARGETARCH}" in amd64) arch=x64 ;; arm64) arch=arm64 ;; *) echo "no image for TARGETARCH=${TARGETARCH}; it is amd64 or arm64" >&2; exit 1 ;; esac \
    && cd node_modules \
    && find onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d ! -path "*/linux/${arch}" -exec rm -r {} + \
    && find onnxruntime-node/bin -type d -empty -delete \
    && test -n "$(find onnxruntime-node/bin -path "*/linux/${arch}/*.node")" \
    && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' -o -name '*.markdown' \) ! -iname 'license*' -delete \
    && rm -f .package-lock.json

FROM ${BASE_IMAGE}
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=program --chown=65532:65532 /build/state /var/lib/spot-expander
WORKDIR /app
COPY --from=packages /build/node_modules node_modules
COPY --from=program /build/LICENSE /build/package.json ./
COPY --from=program /build/proto proto
COPY --from=program /build/data data
COPY --from=program /build/models models
COPY --from=program /build/dist dist
COPY --from=program /build/spot-expander /usr/local/bin/spot-expander
ENV NODE_ENV=production HOME=/var/lib/spot-expander XDG_STATE_HOME=/var/lib \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 65532:65532
VOLUME ["/var/lib/spot-expander", "/tmp"]
EXPOSE 9443 8000 8090
STOPSIGNAL SIGTERM
ENTRYPOINT ["spot-expander"]
# Last, so that another revision or date changes no large layer.
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="spot-expander" \
      org.opencontainers.image.description="A cluster-autoscaler gRPC expander and node agent for Kubernetes on AWS Spot" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
