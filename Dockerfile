# docker build -t ringfence . && docker run --network host -v ./ringfence.toml:/etc/ringfence/ringfence.toml:ro \
#     -v ringfence:/var/lib/ringfence --stop-timeout 330 ringfence
FROM node:22-slim AS portal
WORKDIR /src
COPY portal .
RUN npm ci --no-audit --no-fund && npm run build

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
COPY xtask xtask
COPY tests/e2e tests/e2e
COPY --from=portal /src/dist portal/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package ringfence-cli && \
    install -D --strip target/dist/ringfence /out/usr/bin/ringfence && \
    install -d -m 700 /out/var/lib/ringfence

# libc and nothing else: no shell, no package manager, not root (65532).
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/usr/bin/ringfence /usr/bin/ringfence
COPY --from=build --chown=nonroot:nonroot /out/var/lib /var/lib
COPY packaging/ringfence.toml /etc/ringfence/ringfence.toml
VOLUME /var/lib/ringfence
EXPOSE 5060/udp 5060/tcp 5061/tcp
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/usr/bin/ringfence", "status"]
ENTRYPOINT ["/usr/bin/ringfence"]
CMD ["serve"]
