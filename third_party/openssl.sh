# OpenSSL, the long-term release: what a TLS 1.2 and 1.3 client, HMAC and SHA need, and nothing else.
# README.md tells what is kept, what is left out, and why.
version=3.5.7
upstream_url=https://github.com/openssl/openssl/releases/download/openssl-$version/openssl-$version.tar.gz
upstream_sha256=a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8
debian_file=pool/main/o/openssl/openssl_$version.orig.tar.gz
debian_sha256=$upstream_sha256
licence=LICENSE.txt
tools=perl
uses=

build() {
  local shape="no-shared no-pic no-module no-dso no-apps no-tests no-docs no-demos no-h3demo no-makedepend
    no-engine no-dynamic-engine no-static-engine no-legacy no-deprecated no-fips no-atexit no-autoload-config
    no-filenames no-trace no-ui-console no-async no-thread-pool no-default-thread-pool no-egd no-multiblock"
  local protocols="no-tls1 no-tls1-method no-tls1_1 no-tls1_1-method no-tls-deprecated-ec no-dtls no-quic no-unstable-qlog
    no-hqinterop no-srp no-srtp no-psk no-nextprotoneg no-ssl-trace no-sslkeylog no-ktls no-tfo no-sctp no-comp
    no-integrity-only-ciphers no-weak-ssl-ciphers no-http no-ocsp no-ct no-cmp no-cms no-ts no-rfc3779"
  local algorithms="no-argon2 no-aria no-bf no-blake2 no-camellia no-cast no-cmac no-des no-dh no-dsa no-ec2m no-gost
    no-idea no-md2 no-md4 no-mdc2 no-ml-dsa no-ocb no-rc2 no-rc4 no-rc5 no-rmd160 no-scrypt no-seed no-siphash
    no-siv no-slh-dsa no-sm2 no-sm3 no-sm4 no-whirlpool"
  # The flags end up in OpenSSL_version(): the build folder's name is kept out of them by a response file.
  echo "-ffile-prefix-map=$PWD=." > prefix-map
  # shellcheck disable=SC2086  # the lists are words
  perl Configure "linux-$arch" --prefix=/usr --openssldir=/etc/ssl --libdir=lib $shape $protocols $algorithms \
    CC="$cc" AR="$ar" RANLIB="$ranlib" CFLAGS="$cflags @prefix-map"
  # Code for AVX-512 is 750 KB, for gigabytes a second: told of an old assembler, its generators leave stubs that
  # say the processor lacks it.
  local generator target
  for generator in crypto/{aes,bn,modes}/asm/*-avx{512,ifma}.pl; do
    [[ -e $generator && $arch = x86_64 ]] || continue
    target=${generator/asm\//}
    CC='echo GNU assembler version 2.24 #' perl "$generator" elf "${target%.pl}.s"
  done
  make -s -j"$jobs" build_libs
  make -s DESTDIR="$PWD/stage" install_dev
  mkdir -p "$out/include" "$out/lib"
  cp -r stage/usr/include/openssl "$out/include/"
  cp stage/usr/lib/libssl.a stage/usr/lib/libcrypto.a "$out/lib/"
}
