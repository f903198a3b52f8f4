# A machine with systemd, for tests of deploy/ec2.
FROM debian:trixie-slim
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends systemd systemd-sysv dbus > /dev/null
# A cgroup tree of its own, whatever the host has.
CMD ["sh", "-c", "umount -R /sys/fs/cgroup; mount -o remount,rw /sys && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec /sbin/init"]
STOPSIGNAL SIGRTMIN+3
