# fetch: prints the path of the verified archive of the recipe in force, taken from the cache, upstream or a Debian
# mirror, in this order. Read by install.

# verified FILE SHA256 LABEL: a wrong sum is an error that nothing may pass over.
verified() {
  local found
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [[ $found = "$2" ]] || fail "wrong SHA-256 of $3: expected $2, found $found"
}

download() {
  if command -v curl > /dev/null; then
    curl --fail --silent --location --connect-timeout 5 --speed-time 30 --speed-limit 1000 --output "$2" "$1"
  elif command -v wget > /dev/null; then
    wget --quiet --tries=1 --timeout=15 --output-document="$2" "$1"
  else
    return 1
  fi
}

# The mirrors that this machine's apt is set up for.
mirrors() {
  command -v apt-get > /dev/null || return 0
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed 's,/*$,,' | sort -u
}

fetch() {
  local archive=$cache/sources/$name-$version.tar.gz mirror
  mkdir -p "$cache/sources"
  if [[ ! -e $archive ]]; then
    echo "third_party: fetching $name $version" >&2
    if download "$upstream_url" "$work/upstream"; then
      verified "$work/upstream" "$upstream_sha256" "$upstream_url"
      mv "$work/upstream" "$archive"
    else
      for mirror in $(mirrors); do
        if /usr/lib/apt/apt-helper -o Acquire::Retries=2 download-file "$mirror/$debian_file" "$work/debian" > /dev/null 2>&1; then
          verified "$work/debian" "$debian_sha256" "$mirror/$debian_file"
          mv "$work/debian" "$archive"
          break
        fi
      done
    fi
  fi
  [[ -e $archive ]] || fail "$name: neither $upstream_url nor a Debian mirror's $debian_file can be reached; \
put either at $archive"
  # Also what an earlier run, or the user, left in the cache.
  case $(sha256sum "$archive" | cut -d ' ' -f 1) in
    "$upstream_sha256" | "$debian_sha256") echo "$archive" ;;
    *) verified "$archive" "$upstream_sha256" "$archive" ;;
  esac
}
