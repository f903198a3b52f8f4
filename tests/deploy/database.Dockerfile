# Debian's PostgreSQL, whose entry point reads its password as the image that everybody uses does; and Debian's Redis.
FROM debian:trixie-slim
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends postgresql postgresql-client redis-server redis-tools > /dev/null
COPY database-entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
