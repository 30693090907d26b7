#!/bin/bash
# Makes one ES module of several, given in the order of their imports: prints them one after the other, without the
# imports of each other; only the last one's exports stay. Each import of theirs stands on one line, and a name at the
# top of one is used in no other (a module with a name twice is none: the tests of quoin.js would not even load it).
#
#   bundle_module.sh a.js b.js main.js
set -euo pipefail

main=${!#}
echo "// Made of net/assets/quoin/*.js; change those. MIT licensed."
for file in "$@"; do
  printf '\n// ---- %s\n' "${file##*/}"
  if [[ $file == "$main" ]]; then
    sed -E "/^import \{.*\} from '\.\/[a-z_]+\.js';$/d" "$file"
  else
    sed -E "/^import \{.*\} from '\.\/[a-z_]+\.js';$/d; s/^export (class|const|function) /\1 /" "$file"
  fi
done
