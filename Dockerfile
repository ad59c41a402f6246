# One bundled file per entry; `node scripts/build.mjs` makes build/image/ first. Nothing here needs a network.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /app
COPY build/image/ /app/
USER 1000:1000
CMD ["node", "worker.js"]
