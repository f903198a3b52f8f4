# rapidjson: headers only. Debian takes files that are not free out of its copy (none of them headers),
# so upstream's archive and Debian's have sums of their own.
version=1.1.0
upstream_url=https://github.com/Tencent/rapidjson/archive/refs/tags/v$version.tar.gz
upstream_sha256=bf7ced29704a1e696fbccf2a2b4ea068e7774fa37f6d7dd4039d0787f8bed98e
debian_file=pool/main/r/rapidjson/rapidjson_$version+dfsg2.orig.tar.gz
debian_sha256=92aa6402743012e5f2c3db17def1ff5273df4f3ca7a8f8ed9f1041d392c14ce7
licence=license.txt
tools=
uses=

build() {
  mkdir -p "$out/include"
  cp -r include/rapidjson "$out/include/"
}
