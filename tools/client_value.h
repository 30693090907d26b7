// Values as people give them: plain, from a file, or from standard input.
#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"
#include "tools/client_words.h"

namespace quoin::tools {

// No node takes larger values, whatever its flags say; what is larger is not even read.
inline constexpr std::size_t kMaxClientValueBytes = std::size_t{64} << 20;

// "@path" is the file's bytes, "@@x" is "@x", a bare "-" is all of standard input where that is free, any other word is
// itself. Errors, each a sentence for the person: kInvalid, when the file can't be read or standard input is not free;
// kUnavailable, when there are more than kMaxClientValueBytes.
Result<std::string> ResolveValue(const Word& word, bool stdin_is_free);

}  // namespace quoin::tools
