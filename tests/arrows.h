// The arrows of the house, as a check on the text of its files: tools -> net -> quorum -> {ring, kv}, base below all,
// ring and kv strangers to each other, Boost only in net and above, and neither clock, thread, chance nor socket in the
// pure logic of ring and quorum.
//
// The check reads text, not what the compiler sees, so that it also finds what a lucky transitive dependency hides.
// Pure functions; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::tests {

// The packages that the rules below know. A new one must be added here, with the packages that it may use.
const std::set<std::string>& KnownPackages();

// What is wrong with one file, a sentence each; empty when all is well. `path` starts at the root of the repository
// ("kv/record.h") and ends in .h, .cc or BUILD.bazel. `text` is what the file holds.
std::vector<std::string> CheckArrows(std::string_view path, std::string_view text);

// The C++ text with comments and the insides of string and character literals blanked out; line breaks stay.
std::string BlankCommentsAndLiterals(std::string_view text);

}  // namespace quoin::tests
