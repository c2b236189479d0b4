# One image for every process of Ringfence: the gateway, the worker, the migration and the simulator differ only in the
# command they are started with (docker-compose.yml).

# Compiles the sources, and leaves its tools behind.
FROM node:24.21.0-slim AS build
WORKDIR /app
# Apart from the sources, so that a change of them does not install everything anew.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run -s build

FROM node:24.21.0-slim

# Temporal's SDK is native code and reads the system's certificates, which the slim image lacks, for TLS to a server.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*

ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist ./dist

# Comes with the image and may write only to its home and /tmp.
USER node

CMD ["node", "dist/gateway/main.js"]
