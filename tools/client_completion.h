// What Tab offers. Pure but for the keys, which someone else knows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::tools {

struct Completion {
  std::size_t typed_bytes = 0;          // The last bytes before the cursor, which a candidate replaces.
  std::vector<std::string> candidates;  // Each begins with what was typed; sorted, without repetitions.

  // What all candidates have in common beyond what was typed.
  std::string Common() const;
};

using KeySource = std::function<std::vector<std::string>(const std::string& prefix)>;

// `line` ends at the cursor. Words in quotes are not completed.
Completion Complete(std::string_view line, const KeySource& keys);

}  // namespace quoin::tools
