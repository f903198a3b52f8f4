# The compiler and flags of all recipes: sets triplet, cc, ar, ranlib, cflags, jobs and compiler from $arch.
# Read by install; part of every library's key.

export SOURCE_DATE_EPOCH=1750000000 ZERO_AR_DATE=1 TZ=UTC
jobs=$(nproc)

# The agent is a static PIE linked with --gc-sections; unwind tables are of no use in C and cost memory.
cflags="-Os -g0 -fPIE -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fstack-protector-strong
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
cflags=${cflags//$'\n'/}

case $arch in
  x86_64) cflags+=" -fcf-protection" ;;
  aarch64) cflags+=" -mbranch-protection=standard" ;;
  *) fail "unknown architecture $arch: x86_64 and aarch64 are known" ;;
esac

triplet=$arch-linux-gnu
if [[ $arch = "$(uname -m)" ]]; then
  cc=${CC:-gcc} ar=ar ranlib=ranlib
else
  cc=$triplet-gcc ar=$triplet-ar ranlib=$triplet-ranlib
fi
compiler=$($cc --version 2> /dev/null) || fail "$cc is missing; third_party/require installs it"
compiler=${compiler%%$'\n'*}
