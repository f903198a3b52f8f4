# doctest: one header.
version=2.4.11
upstream_url=https://github.com/doctest/doctest/archive/refs/tags/v$version.tar.gz
upstream_sha256=632ed2c05a7f53fa961381497bf8069093f0d6628c5f26286161fbd32a560186
debian_file=pool/main/d/doctest/doctest_$version.orig.tar.gz
debian_sha256=$upstream_sha256
licence=LICENSE.txt
tools=
uses=

build() {
  mkdir -p "$out/include/doctest"
  cp doctest/doctest.h "$out/include/doctest/"
}
