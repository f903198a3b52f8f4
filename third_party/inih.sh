# inih: ini.c under this project's compile-time settings, which ini.h shows to whoever includes it.
# README.md gives each setting's reason.
version=61
upstream_url=https://github.com/benhoyt/inih/archive/refs/tags/r$version.tar.gz
upstream_sha256=7caf26a2202a4ca689df3fe4175dfa74e0faa18fcca07331bba934fd0ecb8f12
debian_file=pool/main/libi/libinih/libinih_$version.orig.tar.gz
debian_sha256=$upstream_sha256
licence=LICENSE.txt
tools=
uses=

# change TEXT REPLACEMENT: in $source, where TEXT must stand exactly once.
change() {
  local rest=${source#*"$1"}
  [[ $rest != "$source" && $rest != *"$1"* ]] || fail "inih: ini.c does not hold just once: $1"
  source=${source/"$1"/"$2"}
}

build() {
  mkdir -p "$out/include/inih" "$out/lib"
  cp ini.h "$out/include/inih/ini.h"
  cat > "$out/include/ini.h" <<'H'
#pragma once

// inih's settings in the one place where the library, when it is built, and its users both read them.
#define INI_HANDLER_LINENO 1
#define INI_CALL_HANDLER_ON_NEW_SECTION 1
#define INI_STOP_ON_FIRST_ERROR 1
#define INI_START_COMMENT_PREFIXES "#"
#define INI_ALLOW_INLINE_COMMENTS 0
#define INI_ALLOW_MULTILINE 0
#define INI_ALLOW_NO_VALUE 0
#define INI_ALLOW_BOM 1
#define INI_USE_STACK 0
#define INI_CUSTOM_ALLOCATOR 1
#define INI_ALLOW_REALLOC 1
#define INI_INITIAL_ALLOC 1024
#define INI_MAX_LINE 0x40000000

#include "inih/ini.h"
H

  # Three limits are not settings: a section's name was cut at 49 bytes without a word, and ':' ended a name.
  local source
  source=$(<ini.c)
  change 'char section[MAX_SECTION] = "";' 'char* section = NULL;'
  change 'handler(u, s, n, v, lineno)' 'handler(u, s ? s : "", n, v, lineno)'
  change 'ini_strncpy0(section, start + 1, sizeof(section));' 'ini_free(section);
                section = (char*)ini_malloc((size_t)(end - start));
                if (!section) {
                    ini_free(line);
                    return -2;
                }
                ini_strncpy0(section, start + 1, (size_t)(end - start));'
  change '                ini_free(line);
                return -2;
            }
            line = new_line;' '                ini_free(section);
                ini_free(line);
                return -2;
            }
            line = new_line;'
  change '    ini_free(line);
#endif

    return error;' '    ini_free(line);
#endif
    ini_free(section);

    return error;'
  change 'ini_find_chars_or_comment(start, "=:")' 'ini_find_chars_or_comment(start, "=")'
  change "if (*end == '=' || *end == ':')" "if (*end == '=')"
  printf '%s\n' "$source" > ini.c

  # Lines of a credentials file pass through these buffers: they are wiped before they are given back.
  cat > wipe.c <<'C'
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void* ini_malloc(size_t size) {
    return malloc(size);
}

void ini_free(void* block) {
    if (block) {
        explicit_bzero(block, malloc_usable_size(block));
        free(block);
    }
}

void* ini_realloc(void* block, size_t size) {
    void* larger = malloc(size);
    if (larger && block) {
        const size_t held = malloc_usable_size(block);
        memcpy(larger, block, held < size ? held : size);
        ini_free(block);
    }
    return larger;
}
C
  # shellcheck disable=SC2086  # the flags are words
  $cc $cflags "-ffile-prefix-map=$PWD=." -D_GNU_SOURCE -include "$out/include/ini.h" -c ini.c wipe.c
  $ar rcsD "$out/lib/libinih.a" ini.o wipe.o
}
