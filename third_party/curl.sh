# libcurl: an HTTP and HTTPS client with a threaded resolver and proxies.
version=8.21.0
upstream_url=https://curl.se/download/curl-$version.tar.gz
upstream_sha256=d9b327997999045a24cda50f3983e69e51c516bd8be6ef9842fc7f99135e33bb
debian_file=pool/main/c/curl/curl_$version.orig.tar.gz
debian_sha256=$upstream_sha256
licence=COPYING
tools=
uses=openssl

build() {
  local protocols="--disable-dict --disable-file --disable-ftp --disable-gopher --disable-imap --disable-ipfs --disable-ldap
    --disable-ldaps --disable-mqtt --disable-pop3 --disable-rtsp --disable-smb --disable-smtp --disable-telnet
    --disable-tftp --disable-websockets --disable-unix-sockets --disable-doh"
  local features="--disable-alt-svc --disable-aws --disable-bearer-auth --disable-bindlocal --disable-ca-native
    --disable-cookies --disable-digest-auth --disable-dnsshuffle --disable-form-api --disable-get-easy-options
    --disable-headers-api --disable-hsts --disable-kerberos-auth --disable-libcurl-option --disable-mime
    --disable-negotiate-auth --disable-netrc --disable-ntlm --disable-openssl-auto-load-config
    --disable-progress-meter --disable-sha512-256 --disable-tls-srp
    --enable-ipv6 --enable-proxy --enable-threaded-resolver --enable-verbose"
  local packages="--without-brotli --without-gssapi --without-libgsasl --without-libidn2 --without-libpsl --without-libssh2
    --without-nghttp2 --without-zlib --without-zstd --without-ca-bundle --without-ca-path --without-ca-fallback"
  # All transfers receive into one buffer, which is kept: what is left there of an answer that curl did not hand on (bytes
  # beyond its length, bad chunks, no HTTP at all) would stay. Given back after each use, it is wiped by our allocator.
  sed -i 's/^  data->multi->xfer_buf_borrowed = FALSE;$/&\
  curlx_free(data->multi->xfer_buf);\
  data->multi->xfer_buf = NULL;\
  data->multi->xfer_buf_len = 0;/' lib/multi.c
  grep -q '^  curlx_free(data->multi->xfer_buf);$' lib/multi.c
  # shellcheck disable=SC2086  # the lists are words
  PKG_CONFIG=false ./configure --host="$triplet" --prefix=/usr --disable-shared --enable-static --with-pic=no \
    --disable-docs --disable-manual --disable-dependency-tracking --disable-typecheck --enable-unity \
    $protocols $features $packages --with-openssl="$openssl" \
    CC="$cc" AR="$ar" RANLIB="$ranlib" CFLAGS="$cflags -ffile-prefix-map=$PWD=." LIBS="-lpthread -ldl"
  make -s -C lib -j"$jobs" libcurl.la
  mkdir -p "$out/include" "$out/lib"
  cp -r include/curl "$out/include/"
  rm -f "$out"/include/curl/Makefile*
  cp lib/.libs/libcurl.a "$out/lib/"
}
