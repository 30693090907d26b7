// What the tree's own rules need to read in documents: links, the headings that links may point at, and paths that
// exist only on somebody's machine. Pure functions; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::tests {

struct Link {
  int line = 0;        // From 1.
  std::string target;  // As written: "api.md#limits", "https://example.com".
};

// The targets of `[text](target)` outside of code, in order.
std::vector<Link> MarkdownLinks(std::string_view markdown);

// What may stand after '#' in a link to this document: its headings in lower case, punctuation dropped, spaces as '-'.
std::set<std::string> MarkdownAnchors(std::string_view markdown);

// The lines (from 1) that name a path of one particular machine: a home or working folder at the root of its disk.
std::vector<int> LinesWithMachinePaths(std::string_view text);

}  // namespace quoin::tests
