# The bundled files; `node scripts/build.mjs` makes build/image/ first. Nothing here needs a network.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /app
COPY build/image/ /app/
# Node keeps what it compiles here; see warm-up.mjs. Pods mount the image read-only: there it is only read.
ENV NODE_COMPILE_CACHE=/app/.compiled
RUN mkdir /app/.compiled && chown 1000:1000 /app/.compiled
USER 1000:1000
RUN ["node", "warm-up.mjs"]
CMD ["node", "worker.js"]
