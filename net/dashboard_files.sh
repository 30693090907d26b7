#!/bin/bash
# Prints C++ that holds the dashboard's files (FindDashboardFile of net/assets.h), each as a string literal, by the
# last part of its name; the literals' delimiter must not occur in them. index.html becomes the page itself.
#
#   dashboard_files.sh index.html main.js base.css ... > dashboard_files.cc
set -euo pipefail

literal() {
  if grep -q ')quoin_asset"' "$1"; then
    echo "$1 holds the delimiter )quoin_asset\"" >&2
    exit 1
  fi
  printf 'R"quoin_asset('
  cat "$1"
  printf ')quoin_asset"'
}

type_of() {
  case $1 in
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *LICENSE) echo 'text/plain; charset=utf-8' ;;
    *)
      echo "$1: no content type is known for it; files of the dashboard are .js and .css" >&2
      exit 1
      ;;
  esac
}

echo '#include "net/assets.h"'
echo 'namespace quoin::net {'
echo 'std::optional<DashboardFile> FindDashboardFile(std::string_view name) {'
page=
for file in "$@"; do
  if [[ $file == *.html ]]; then
    page=$file
    continue
  fi
  type=$(type_of "$file")
  # uPlot's licence must go with it, and says nothing of whose it is.
  name=${file##*/}
  [[ $name != LICENSE ]] || name=uPlot.LICENSE
  printf '  if (name == "%s") {\n    return DashboardFile{"%s", ' "$name" "$type"
  literal "$file"
  printf '};\n  }\n'
done
echo '  return std::nullopt;'
echo '}'
printf 'std::string_view DashboardPage() {\n  return '
literal "$page"
printf ';\n}\n'
echo '}  // namespace quoin::net'
